autocmd BufNewFile,BufRead *.tagpol setfiletype tagpol
