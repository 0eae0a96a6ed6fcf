;;; tagpol-mode.el --- Policies for cloud tags -*- lexical-binding: t; -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1"))
;; Keywords: languages

;;; Commentary:

;; A mode for .tagpol files: colors, comments, indentation, and the language server through eglot,
;; which is part of Emacs from 29 on and a package before:
;;
;;   (require 'tagpol-mode)
;;   (add-hook 'tagpol-mode-hook #'eglot-ensure)

;;; Code:

(require 'cl-lib)
(require 'project)

(defgroup tagpol nil
  "Policies for cloud tags."
  :group 'languages)

(defcustom tagpol-server-command '("tagpol" "lsp")
  "The language server: a program and its arguments."
  :type '(repeat string))

(defcustom tagpol-indent-offset 2
  "Columns by which a block is indented."
  :type 'natnum
  :safe #'natnump)

(defconst tagpol-items
  '("use" "tag" "normalize" "define" "rule" "policy" "exempt" "test" "table" "infer" "goal" "allocate"
    "list" "relation")
  "Words that begin an item.")

(defconst tagpol-keywords
  '("after" "allow" "and" "any" "apply" "at" "because" "by" "charges" "contains" "control" "coverage" "default" "each" "else" "ends"
    "escalate" "every" "example" "except" "expect" "fill" "for" "forbid" "from" "given" "grace" "has"
    "importance" "in" "is" "key" "keys" "last" "least" "like" "map" "matches" "matching" "meta" "most" "native" "next" "no" "not" "of"
    "one" "or" "otherwise" "priority" "remediate" "require" "resource" "set" "severity" "split" "starts"
    "suggest" "tags" "text" "to" "transform" "unknown" "until" "value" "violation" "when" "where" "with" "within" "word" "write")
  "The other words of the language, which are names where no keyword can stand.")

(defvar tagpol-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?/ ". 12" table)
    (modify-syntax-entry ?\n ">" table)
    (modify-syntax-entry ?\" "\"" table)
    (modify-syntax-entry ?\\ "\\" table)
    ;; Names may have hyphens in them.
    (modify-syntax-entry ?- "_" table)
    (modify-syntax-entry ?_ "_" table)
    table)
  "Which characters mean what in .tagpol files.")

(defconst tagpol-font-lock-keywords
  (let ((name "`?[[:alpha:]_][[:alnum:]_-]*`?"))
    `((,(concat "^\\s-*" (regexp-opt (remove "test" tagpol-items) t) "\\s-+\\(" name "\\)")
       (1 font-lock-keyword-face) (2 font-lock-function-name-face))
      ("^\\s-*\\(test\\)\\s-+\"" (1 font-lock-keyword-face))
      ("@allow\\_>" . font-lock-preprocessor-face)
      ("\\_<[0-9]\\{4\\}-[0-9]\\{2\\}-[0-9]\\{2\\}\\_>" . font-lock-constant-face)
      (,(regexp-opt '("true" "false" "missing" "critical" "high" "medium" "low") 'symbols) . font-lock-constant-face)
      (,(regexp-opt tagpol-keywords 'symbols) . font-lock-keyword-face)))
  "Colors of .tagpol files.")

(defun tagpol-indent-line ()
  "Indents a line by the brackets that are open before it."
  (interactive)
  (let* ((depth (save-excursion
                  (back-to-indentation)
                  (let ((open (car (syntax-ppss))))
                    (if (looking-at-p "[]})]") (1- open) open))))
         (column (* tagpol-indent-offset (max 0 depth))))
    (if (<= (current-column) (current-indentation))
        (indent-line-to column)
      (save-excursion (indent-line-to column)))))

;;;###autoload
(define-derived-mode tagpol-mode prog-mode "tagpol"
  "A mode for policies on cloud tags."
  (setq-local comment-start "// ")
  (setq-local comment-start-skip "///?\\s-*")
  (setq-local indent-tabs-mode nil)
  (setq-local indent-line-function #'tagpol-indent-line)
  (setq-local electric-indent-chars (append "}])" electric-indent-chars))
  (setq-local font-lock-defaults '(tagpol-font-lock-keywords)))

;;;###autoload
(add-to-list 'auto-mode-alist '("\\.tagpol\\'" . tagpol-mode))

(defvar eglot-server-programs)

(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs (cons 'tagpol-mode (lambda (&rest _) tagpol-server-command))))

(defun tagpol-project (folder)
  "Returns the project of FOLDER: that of the nearest tagpol.toml upwards."
  (let ((root (locate-dominating-file folder "tagpol.toml")))
    (and root (cons 'tagpol root))))

(cl-defmethod project-root ((project (head tagpol)))
  "The folder of PROJECT."
  (cdr project))

(add-hook 'project-find-functions #'tagpol-project)

(provide 'tagpol-mode)

;;; tagpol-mode.el ends here
