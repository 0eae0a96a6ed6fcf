; No name has two of these colors, so that the order of patterns is nothing to rely on. Where editors
; call a color differently a word has both names.

[
  "after" "allocate" "allow" "any" "apply" "at" "because" "by" "charges" "control" "coverage" "default" "define" "each"
  "escalate"
  "every" "example" "exempt" "expect" "fill" "for" "forbid" "from" "given" "goal" "grace" "importance"
  "infer" "key" "keys" "least" "list" "map" "matching" "meta" "most" "native" "no" "normalize" "of" "one" "otherwise" "policy" "priority"
  "relation" "remediate" "require" "resource" "rule" "set" "severity" "split" "suggest" "table" "tag" "tags" "test"
  "text" "to" "transform" "unknown" "until" "value" "violation" "when" "where" "write"
] @keyword

["use" "except"] @keyword.import

"else" @keyword.conditional

[
  "and" "contains" "ends" "has" "in" "is" "last" "like" "matches" "next" "not" "or" "starts" "with" "within"
  "word"
] @keyword.operator

["&&" "||" "!" "->"] @operator
(operator) @operator
"=" @operator

["{" "}" "[" "]" "(" ")"] @punctuation.bracket
["," ":" "::" "." "/"] @punctuation.delimiter
"@" @attribute
(allow_attr (name) @attribute)

; ---- literals

(string) @string
(escape_sequence) @string.escape
(interpolation) @variable.other.member @variable.member
(regex) @string.regexp
[(number) (date) (unit)] @constant.numeric @number
(bool) @constant.builtin.boolean @boolean

(comment) @comment
(doc_comment) @comment.documentation

; ---- tags

(tag_item name: (name) @variable)
(normalize_item name: (name) @variable)
(infer_item (name) @variable)
(set_stmt tag: (name) @variable)
(fill_stmt tag: (name) @variable)
(remediate_stmt tag: (name) @variable)
(expect_tag . (name) @variable)
(to_stmt (name) @variable)
(use_list (name) @variable)
(use_except (name) @variable)
(native_tags (name) @variable)
((path . (name) @variable) (#not-any-of? @variable "resource" "native" "charge"))
((path . (name) @variable.builtin) (#any-of? @variable.builtin "resource" "native" "charge"))

; ---- other names

(use_path (name) @namespace @module)
(named_type (name) @type.builtin)
(define_item name: (name) @function)
(expect_define (name) @function)
(call function: (name) @function.call)
(rule_item name: (name) @function.method)
(from_rule (name) @function.method)
(policy_item name: (name) @type)
(policy_param name: (name) @variable.parameter)
(policy_param type: (name) @type.builtin)
(grace_stmt (name) @variable.parameter)
(escalate_stmt (name) @variable.parameter)
(policy_argument name: (name) @variable.parameter)
(policy_instance policy: (name) @type)
(goal_item name: (name) @type)
(allocate_item name: (name) @type)
(check_path (name) @type)
(table_item name: (name) @type)
(list_item name: (name) @type)
(relation_item name: (name) @type)
(in_tail (name) @type)
(table_item key: (name) @variable.other.member @property)
(column name: (name) @variable.other.member @property)
(field (name) @variable.other.member @property)
(attr_field (name) @variable.other.member @property)
(label (name) @label)
(given_stmt name: (name) @variable.parameter)
(for_given (name) @variable.parameter)
(control_stmt (name) @constant)
((map_target (name) @constant) (#not-eq? @constant "missing"))

; Texts that need no quotes.
(keys_stmt (name) @string)
(pattern (name) @string)
(tag_entry (name) @string)
(share (name) @string)

; ---- words that mean something where they stand

(severity_stmt (name) @constant.builtin)
(importance_stmt (name) @constant.builtin)
(otherwise_stmt (name) @constant.builtin)
(transform_stmt (name) @function.builtin)
(written_key (name) @constant.builtin)
(split_stmt (name) @constant.builtin)
(coverage_stmt (name) @constant.builtin)
(is_tail (name) @constant.builtin)
(expect_tag "is" (name) @constant.builtin)
((map_target (name) @constant.builtin) (#eq? @constant.builtin "missing"))
