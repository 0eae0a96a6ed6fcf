-- What a person does in Neovim, and what must come of it. For versions from 0.7 on.

local runtime, work, binary = vim.env.TAGPOL_RUNTIME, vim.env.TAGPOL_WORK, vim.env.TAGPOL_BIN
vim.opt.runtimepath:prepend(work)
vim.opt.runtimepath:prepend(runtime)
require('tagpol').options.cmd = { binary, 'lsp' }

local PATIENCE = 20000

local function policies(name)
  return work .. '/project/policies/' .. name
end

local function lines(first, last)
  return vim.api.nvim_buf_get_lines(0, first - 1, last or first, true)
end

local function write(number, text)
  vim.api.nvim_buf_set_lines(0, number - 1, number, true, { text })
end

local function same(found, expected, what)
  assert(vim.deep_equal(found, expected), what .. ': ' .. vim.inspect(found))
end

local function wait(what, condition)
  assert(vim.wait(PATIENCE, condition, 20), what .. ' did not come')
end

local function client()
  local clients = (vim.lsp.get_clients or vim.lsp.get_active_clients)()
  return clients[1]
end

local function ask(method, params)
  local answers = assert(vim.lsp.buf_request_sync(0, method, params, PATIENCE))
  local _, answer = next(answers)
  assert(answer and answer.result, method .. ': ' .. vim.inspect(answer))
  return answer.result
end

local function at(line, column)
  return { textDocument = vim.lsp.util.make_text_document_params(), position = { line = line - 1, character = column } }
end

local steps = {}

function steps.opens_with_colours()
  vim.cmd('filetype plugin on')
  vim.cmd('edit ' .. policies('compliance.tagpol'))
  same(vim.bo.filetype, 'tagpol', 'file type')
  wait('the server', function()
    return client() ~= nil and client().server_capabilities.completionProvider ~= nil
  end)
  assert(vim.treesitter.highlighter.active[vim.api.nvim_get_current_buf()], 'no colors')
end

function steps.tells_a_typo_and_mends_it()
  write(6, '  for resource where environment == prodution')
  wait('a diagnostic', function()
    return #vim.diagnostic.get(0) == 1
  end)
  same(vim.diagnostic.get(0)[1].code, 'E0012', 'code')
  local range = { start = { line = 5, character = 36 }, ['end'] = { line = 5, character = 45 } }
  local params = { textDocument = vim.lsp.util.make_text_document_params(), range = range, context = { diagnostics = {} } }
  local action = ask('textDocument/codeAction', params)[1]
  same(action.title, 'replace `prodution` with `production`', 'action')
  vim.lsp.util.apply_workspace_edit(action.edit, client().offset_encoding)
  same(lines(6), { '  for resource where environment == production' }, 'line')
  wait('the end of the diagnostic', function()
    return #vim.diagnostic.get(0) == 0
  end)
end

function steps.completes_values()
  write(6, '  for resource where environment == ')
  local answer = ask('textDocument/completion', at(6, 36))
  local items = vim.tbl_map(function(item)
    return item.label
  end, answer.items or answer)
  assert(vim.tbl_contains(items, 'staging'), vim.inspect(items))
  write(6, '  for resource where environment == production')
end

function steps.renames_across_files()
  vim.api.nvim_win_set_cursor(0, { 8, 11 })
  vim.lsp.buf.rename('keeper')
  wait('the new name', function()
    return lines(8)[1]:find('require keeper is email', 1, true) ~= nil
  end)
  vim.cmd('silent wall')
  for name, text in pairs({ ['taxonomy.tagpol'] = 'tag keeper:', ['compliance_test.tagpol'] = 'expect keeper ' }) do
    assert(table.concat(vim.fn.readfile(policies(name)), '\n'):find(text, 1, true), name)
  end
end

function steps.formats()
  write(5, '   severity     critical')
  vim.lsp.util.apply_text_edits(
    ask('textDocument/formatting', {
      textDocument = vim.lsp.util.make_text_document_params(),
      options = { tabSize = 2, insertSpaces = true },
    }),
    vim.api.nvim_get_current_buf(),
    client().offset_encoding
  )
  same(lines(5), { '  severity critical' }, 'line')
end

function steps.tells_what_a_policy_finds()
  local titles = {}
  wait('the numbers of the inventory', function()
    titles = vim.tbl_map(function(lens)
      return lens.command and lens.command.title or ''
    end, ask('textDocument/codeLens', { textDocument = vim.lsp.util.make_text_document_params() }))
    return #titles > 0 and titles[1]:find('%d+ violations') ~= nil
  end)
end

function steps.runs_a_test()
  vim.cmd('edit ' .. policies('compliance_test.tagpol'))
  wait('the server', function()
    return vim.lsp.buf_is_attached(0, client().id)
  end)
  local lens = ask('textDocument/codeLens', { textDocument = vim.lsp.util.make_text_document_params() })[1]
  local answer = ask('workspace/executeCommand', { command = lens.command.command, arguments = lens.command.arguments })
  same(answer.results[1].outcome, 'passed', 'outcome')
end

function steps.shares_one_server_within_a_project()
  vim.cmd('edit ' .. policies('taxonomy.tagpol'))
  wait('the server', function()
    return vim.lsp.buf_is_attached(0, client().id)
  end)
  same(#(vim.lsp.get_clients or vim.lsp.get_active_clients)(), 1, 'servers')
end

function steps.indents()
  vim.cmd('filetype indent on')
  vim.cmd('enew | setlocal filetype=tagpol')
  local text = {
    'normalize environment {',
    '  map "prod {", "live" -> production // {',
    '  keys [',
    '    "env",',
    '    "stage"',
    '  ]',
    '}',
    '',
    'tag owner: email',
  }
  vim.api.nvim_buf_set_lines(0, 0, -1, true, vim.tbl_map(vim.trim, text))
  vim.cmd('silent normal! gg=G')
  same(vim.api.nvim_buf_get_lines(0, 0, -1, true), text, 'indentation')
  vim.cmd('bdelete!')
end

--- The configuration of newer versions uses the server that runs.
function steps.shares_the_server_with_the_configuration()
  if not vim.lsp.enable then
    return
  end
  vim.lsp.enable('tagpol')
  vim.cmd('edit ' .. policies('compliance.tagpol'))
  wait('the server', function()
    return #vim.lsp.get_clients({ bufnr = 0, name = 'tagpol' }) == 1
  end)
  same(#vim.lsp.get_clients(), 1, 'servers')
end

local order = {
  'opens_with_colours',
  'tells_a_typo_and_mends_it',
  'completes_values',
  'renames_across_files',
  'formats',
  'tells_what_a_policy_finds',
  'runs_a_test',
  'shares_one_server_within_a_project',
  'shares_the_server_with_the_configuration',
  'indents',
}

-- Each step goes on from the one before.
for _, name in ipairs(order) do
  local ok, problem = xpcall(steps[name], debug.traceback)
  io.stdout:write(ok and 'ok ' or 'FAILED ', name, ok and '' or ('\n' .. problem), '\n')
  if not ok then
    vim.cmd('cquit 1')
  end
end
vim.cmd('qall!')
