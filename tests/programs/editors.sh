# shellcheck shell=bash
# Vim and Emacs in batch mode: long substitutions, undo, folds, Lisp with garbage collection.
# (Emacs starts from a dumped heap and has ideas of its own about memory.)
#
# tier: all
# timeout: 120
# packages: vim-nox emacs-nox
# commands: vim.nox emacs-nox

prepare() {
    awk 'BEGIN { for (i = 0; i < 20000; i++) print "line", i, "value", i * 7919 % 10007 }' > text
    cat > script.vim << 'END'
edit text
%s/value \(\d\+\)/[\1]/g
g/7]$/delete
sort n /\[/
let words = {}
for line in getline(1, '$')
  let words[matchstr(line, '\d\+')] = len(line)
endfor
call append(0, string(len(words)))
silent! undo
silent! redo
write! out.txt
qall!
END
    cat > script.el << 'END'
(let ((table (make-hash-table :test 'equal)) (sum 0))
  (with-temp-buffer
    (insert-file-contents "text")
    (while (re-search-forward "value \\([0-9]+\\)" nil t)
      (puthash (match-string 1) (list (point) (buffer-substring (point-min) (+ 1 (mod (point) 50)))) table)
      (when (= 0 (mod (point) 97)) (replace-match "changed \\1")))
    (sort-lines nil (point-min) (point-max))
    (princ (format "%d %s\n" (hash-table-count table) (md5 (current-buffer)))))
  (dotimes (i 40) (garbage-collect) (setq sum (+ sum (length (make-string (* i 1000) ?x)))))
  (maphash (lambda (key value) (setq sum (+ sum (car value) (length (cadr value))))) table)
  (princ (format "%d\n" sum))
  (let ((json (json-parse-string (json-serialize (vconcat (number-sequence 1 5000))))))
    (princ (format "%d\n" (length json)))))
END
}

workload() {
    cp "$work/input/text" text
    vim.nox -u NONE -i NONE -n -es -S "$work/input/script.vim" || echo "vim: status $?"
    md5sum out.txt
    cp "$work/input/text" text
    emacs-nox --batch -Q -l "$work/input/script.el"
}
