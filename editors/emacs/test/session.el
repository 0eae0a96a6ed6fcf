;;; session.el --- What a person does in Emacs -*- lexical-binding: t; -*-

;;; Code:

(require 'cl-lib)
(require 'ert)
(require 'eglot)
(require 'flymake)
(require 'tagpol-mode)

(setq tagpol-server-command (list (getenv "TAGPOL_BIN") "lsp")
      eglot-sync-connect 30
      eglot-confirm-server-initiated-edits nil)

(defun session-file (name)
  "The file NAME of the project that is edited."
  (expand-file-name (concat "project/policies/" name) (getenv "TAGPOL_WORK")))

(defun session-wait (condition)
  "Waits until CONDITION holds."
  (with-timeout (20 (ert-fail "it did not come"))
    (while (not (funcall condition))
      (accept-process-output nil 0.05))))

(defun session-edited ()
  "Tells the server of edits, which waits for an idle moment that no batch has."
  (eglot--signal-textDocument/didChange))

(defun session-codes ()
  "What flymake tells in this buffer."
  (mapcar #'flymake-diagnostic-text (flymake-diagnostics)))

(ert-deftest the-server-serves-a-project ()
  (with-current-buffer (find-file-noselect (session-file "compliance.tagpol"))
    (should (eq major-mode 'tagpol-mode))
    (apply #'eglot--connect (eglot--guess-contact))
    (should (eglot-managed-p))
    (should (equal (file-truename (project-root (project-current)))
                   (file-truename (expand-file-name "project/" (getenv "TAGPOL_WORK")))))
    ;; A typo is reported, and disappears when fixed.
    (search-forward "environment == production")
    (delete-char -4)
    (session-edited)
    (session-wait (lambda () (flymake-start) (session-codes)))
    (should (string-match-p "not a value of `environment`" (car (session-codes))))
    ;; What can stand there.
    (let* ((capf (eglot-completion-at-point))
           (items (all-completions "" (nth 2 capf))))
      (should (member "production" items)))
    (insert "tion")
    (session-edited)
    (session-wait (lambda () (flymake-start) (not (session-codes))))
    ;; A new name, in every file.
    (goto-char (point-min))
    (search-forward "require owner")
    (backward-char)
    ;; The files are not visited, so Emacs asks.
    (cl-letf (((symbol-function 'y-or-n-p) #'always))
      (eglot-rename "keeper"))
    (goto-char (point-min))
    (should (search-forward "require keeper" nil t))
    (with-current-buffer (find-file-noselect (session-file "taxonomy.tagpol"))
      (goto-char (point-min))
      (should (search-forward "tag keeper:" nil t)))
    ;; The canonical form.
    (goto-char (point-min))
    (search-forward "severity critical")
    (replace-match "severity     critical")
    (eglot-format-buffer)
    (goto-char (point-min))
    (should (search-forward "  severity critical" nil t))))

(ert-deftest keywords-are-those-of-the-parser ()
  (let ((expected nil))
    (with-temp-buffer
      (insert-file-contents (expand-file-name "lang/syntax/src/characters.pest" (getenv "TAGPOL_REPOSITORY")))
      (while (re-search-forward "^kw_[a-z]+ +=.*?\"\\([a-z]+\\)\"" nil t)
        (push (match-string 1) expected)))
    (should (> (length expected) 50))
    (should (equal (sort (append tagpol-items tagpol-keywords nil) #'string<) (sort expected #'string<)))))

(ert-deftest blocks-are-indented ()
  (with-temp-buffer
    (tagpol-mode)
    (insert "policy p {\nrequire a in [\nb\n]\n}\n")
    (indent-region (point-min) (point-max))
    (should (equal (buffer-string) "policy p {\n  require a in [\n    b\n  ]\n}\n"))))

(ert-deftest comments-and-names-are-told-apart ()
  (with-temp-buffer
    (tagpol-mode)
    (insert "// policy\npolicy for-all {\n")
    (font-lock-ensure)
    (should (eq (get-text-property 4 'face) 'font-lock-comment-face))
    (goto-char (point-min))
    (search-forward "for-all")
    (should (eq (get-text-property (match-beginning 0) 'face) 'font-lock-function-name-face))))

;;; session.el ends here
