-- For `vim.lsp.enable('tagpol')` of Neovim 0.11 and newer. The file type plugin starts the server by itself; both share one.
return {
  cmd = require('tagpol').options.cmd,
  filetypes = { 'tagpol' },
  root_markers = { 'tagpol.toml' },
  init_options = require('tagpol').options.settings,
  settings = { tagpol = require('tagpol').options.settings },
}
