; All items are visible in the whole project; only the resources of a test are local to it.

(test_item) @local.scope
(given_stmt name: (name) @local.definition)
(for_given (name) @local.reference)
