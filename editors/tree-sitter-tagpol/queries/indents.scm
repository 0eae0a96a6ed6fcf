[
  (tag_options)
  (normalize_block)
  (rule_block)
  (policy_block)
  (exempt_block)
  (test_block)
  (given_block)
  (tags_field)
  (meta_field)
  (table_block)
  (infer_block)
  (goal_block)
  (allocate_block)
  (shares)
  (list)
  (paren)
  (use_list)
  (use_except)
] @indent.begin

["}" "]" ")"] @indent.branch @indent.end
