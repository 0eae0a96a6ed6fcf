; What there is to find in a file, for outlines and search.

(tag_item name: (name) @name) @definition.constant
(define_item name: (name) @name) @definition.function
(rule_item name: (name) @name) @definition.method
(policy_item name: (name) @name) @definition.class
(table_item name: (name) @name) @definition.type
(list_item name: (name) @name) @definition.constant
(relation_item name: (name) @name) @definition.type
(goal_item name: (name) @name) @definition.class
(allocate_item name: (name) @name) @definition.class
(test_item name: (string) @name) @definition.function
