--- The language server of tagpol, and colors by tree-sitter where its parser is there.
local M = {}

--- What may be set before the first file is opened: `require('tagpol').options.cmd = { '/opt/tagpol', 'lsp' }`.
M.options = {
  cmd = { 'tagpol', 'lsp' },
  --- The settings of docs/editors.md: `{ hints = { types = false } }`.
  settings = {},
  --- Called with the client and the buffer, for one's own keys.
  on_attach = nil,
}

--- Clients by the folder of their project, for versions of Neovim that do not keep them themselves.
local clients = {}

--- Returns the folder of the nearest manifest upwards, else the folder of the file.
local function root_of(path)
  local folder = vim.fn.fnamemodify(path, ':p:h')
  local manifest = vim.fn.findfile('tagpol.toml', vim.fn.escape(folder, ' ,;') .. ';')
  return manifest ~= '' and vim.fn.fnamemodify(manifest, ':p:h') or folder
end

local function configuration(root)
  return {
    name = 'tagpol',
    cmd = M.options.cmd,
    root_dir = root,
    init_options = M.options.settings,
    settings = { tagpol = M.options.settings },
    on_attach = function(client, buffer)
      vim.api.nvim_buf_set_option(buffer, 'omnifunc', 'v:lua.vim.lsp.omnifunc')
      if M.options.on_attach then
        M.options.on_attach(client, buffer)
      end
    end,
  }
end

local function color(buffer)
  local found = pcall(vim.treesitter.get_parser, buffer, 'tagpol')
  if not found then
    return
  end
  if vim.treesitter.start then
    vim.treesitter.start(buffer, 'tagpol')
  else
    vim.treesitter.highlighter.new(vim.treesitter.get_parser(buffer, 'tagpol'))
  end
end

--- Starts the server for a buffer, or lets the one of its project serve it.
function M.attach(buffer)
  buffer = buffer == 0 and vim.api.nvim_get_current_buf() or buffer
  color(buffer)
  if vim.fn.executable(M.options.cmd[1]) == 0 then
    vim.notify_once('tagpol is not on the PATH', vim.log.levels.WARN)
    return
  end
  local root = root_of(vim.api.nvim_buf_get_name(buffer))
  local config = configuration(root)
  if vim.lsp.start then
    vim.lsp.start(config, { bufnr = buffer })
    return
  end
  if not clients[root] or vim.lsp.client_is_stopped(clients[root]) then
    clients[root] = vim.lsp.start_client(config)
  end
  vim.lsp.buf_attach_client(buffer, clients[root])
end

--- Returns by how much more brackets a line opens than it closes, without those of texts and comments.
local function opened(line)
  local bare = line:gsub('\\.', ''):gsub('"[^"]*"', ''):gsub('//.*', '')
  local _, opening = bare:gsub('[%[{(]', '')
  local _, closing = bare:gsub('[%]})]', '')
  return opening - closing
end

--- Returns the indentation of the line that is edited: one step more for each line around that leaves brackets open.
function M.indent()
  local number = vim.v.lnum
  local before = vim.fn.prevnonblank(number - 1)
  if before == 0 then
    return 0
  end
  local line = vim.fn.getline(before)
  -- A line that begins by closing is one step out already.
  local change = opened(line:gsub('^%s*[%]})]+', ''))
  local closes = vim.fn.getline(number):match('^%s*[%]})]') and 1 or 0
  local steps = math.max(-1, math.min(1, change)) - closes
  return math.max(0, vim.fn.indent(before) + steps * vim.fn.shiftwidth())
end

return M
