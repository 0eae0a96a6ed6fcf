/**
 * The grammar of .tagpol files for tree-sitter.
 *
 * Rules have the names and the shape of those of lang/syntax/src/tagpol.pest, which decides what the
 * language is; `cargo test -p tagpol-tree-sitter` parses every text of the repository with both and
 * compares the trees node by node. Recovery is tree-sitter's own.
 *
 * Keywords are contextual here too: one is a keyword where a keyword can stand, and a name elsewhere.
 */

/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

/** @param {RuleOrLiteral} rule */
const commaSep1 = (rule) => seq(rule, repeat(seq(',', rule)));

/** @param {RuleOrLiteral} rule */
const commaSepEnd1 = (rule) => seq(commaSep1(rule), optional(','));

/** @param {RuleOrLiteral[]} statements */
const block = (...statements) => seq('{', repeat(choice(...statements)), '}');

module.exports = grammar({
  name: 'tagpol',

  word: ($) => $.name,

  extras: ($) => [/[ \t\r\n\uFEFF\u00A0]/, $.comment, $.doc_comment],

  conflicts: ($) => [
    // `::` goes on with a module, or opens the list of what is used of it.
    [$.use_path],
    // `from` is the heading of a column, or the name of the next one.
    [$.column],
  ],

  supertypes: ($) => [$.item],

  rules: {
    file: ($) => repeat($.item),

    item: ($) =>
      choice(
        $.use_item,
        $.tag_item,
        $.normalize_item,
        $.define_item,
        $.rule_item,
        $.policy_item,
        $.exempt_item,
        $.test_item,
        $.table_item,
        $.infer_item,
        $.goal_item,
        $.allocate_item,
        $.list_item,
        $.relation_item,
      ),

    _attributes: ($) => repeat1($.allow_attr),
    allow_attr: ($) => seq('@', 'allow', '(', commaSepEnd1($.name), ')'),

    // ---- items -----------------------------------------------------------------------------------

    use_item: ($) =>
      seq(optional($._attributes), 'use', field('module', $.use_path), optional(choice($.use_list, $.use_except))),
    use_path: ($) => seq($.name, repeat(seq('::', $.name))),
    use_list: ($) => seq('::', '{', commaSepEnd1($.name), '}'),
    use_except: ($) => seq('except', '[', commaSepEnd1($.name), ']'),

    tag_item: ($) =>
      seq(
        optional($._attributes),
        'tag',
        field('name', $.name),
        ':',
        field('type', $._tag_type),
        field('body', optional($.tag_options)),
      ),
    _tag_type: ($) => choice($.matching_type, $.one_of_type, $.named_type),
    matching_type: ($) => seq('text', 'matching', $.regex),
    one_of_type: ($) => seq('one', 'of', $.list),
    named_type: ($) => choice($.name, alias('text', $.name)),
    tag_options: ($) => block($.importance_stmt, $.default_stmt, $.example_stmt),
    importance_stmt: ($) => seq('importance', $.name),
    default_stmt: ($) => seq('default', $._value),
    example_stmt: ($) => seq('example', $._value),

    normalize_item: ($) =>
      seq(
        optional($._attributes),
        'normalize',
        field('name', $.name),
        optional($.where_clause),
        field('body', $.normalize_block),
      ),
    normalize_block: ($) => block($.keys_stmt, $.write_stmt, $.map_stmt, $.transform_stmt, $.otherwise_stmt),
    keys_stmt: ($) => seq('keys', commaSepEnd1($._key)),
    _key: ($) => choice($.string, $.name),
    write_stmt: ($) => seq('write', repeat1($.written_key)),
    written_key: ($) => seq($.name, $.string),
    map_stmt: ($) => seq('map', commaSepEnd1($.pattern), '->', $.map_target),
    pattern: ($) => choice($.string, $.regex, $.name),
    map_target: ($) => choice($.string, $.name),
    transform_stmt: ($) => seq('transform', commaSep1($.name)),
    otherwise_stmt: ($) => seq('otherwise', $.name),

    define_item: ($) => seq(optional($._attributes), 'define', field('name', $.name), '=', $._condition),

    rule_item: ($) =>
      seq(
        optional($._attributes),
        'rule',
        field('name', $.name),
        optional($.priority),
        field('body', $.rule_block),
      ),
    priority: ($) => seq('priority', $.number),
    rule_block: ($) => block($.when_stmt, $.set_stmt, $.fill_stmt),
    when_stmt: ($) => seq('when', $._condition),
    set_stmt: ($) => seq('set', field('tag', $.name), '=', $._value),
    fill_stmt: ($) => seq('fill', field('tag', $.name), '=', $._value),

    policy_item: ($) =>
      seq(
        optional($._attributes),
        'policy',
        field('name', $.name),
        choice(seq(optional($.policy_params), field('body', $.policy_block)), $.policy_instance),
      ),
    policy_params: ($) => seq('(', commaSep1($.policy_param), optional(','), ')'),
    policy_param: ($) =>
      seq(field('name', $.name), ':', field('type', $._param_type), optional(seq('=', choice($.list, $._value)))),
    // Types may have the names of keywords.
    _param_type: ($) => choice($.name, ...['tag', 'text', 'severity', 'list', 'value'].map((word) => alias(word, $.name))),
    policy_instance: ($) =>
      seq('=', field('policy', $.name), '(', optional(seq(commaSep1($.policy_argument), optional(','))), ')'),
    policy_argument: ($) => seq(optional(seq(field('name', $.name), ':')), choice($.list, $._value)),
    policy_block: ($) =>
      block(
        $.severity_stmt,
        $.for_stmt,
        $.require_stmt,
        $.forbid_stmt,
        $.grace_stmt,
        $.escalate_stmt,
        $.control_stmt,
        $.remediate_stmt,
      ),
    severity_stmt: ($) => seq('severity', $.name),
    for_stmt: ($) => seq('for', 'resource', optional($.where_clause)),
    where_clause: ($) => seq('where', $._condition),
    require_stmt: ($) => seq('require', $._checks),
    forbid_stmt: ($) => seq('forbid', $._checks),
    _checks: ($) => seq(optional($.label), commaSep1($._condition), optional($.else_clause)),
    label: ($) => seq(choice($.name, ...['any', 'every', 'native', 'unknown'].map((word) => alias(word, $.name))), ':'),
    else_clause: ($) => seq('else', $.string),
    grace_stmt: ($) => seq('grace', choice($.quantity, $.name)),
    escalate_stmt: ($) => seq('escalate', 'to', $.string, optional(seq('after', choice($.quantity, $.name)))),
    control_stmt: ($) => seq('control', $.name, commaSep1($.string)),
    remediate_stmt: ($) => seq('remediate', 'set', field('tag', $.name), '=', $._value),

    exempt_item: ($) =>
      seq(
        optional($._attributes),
        'exempt',
        field('name', $.check_path),
        repeat(seq(',', $.check_path)),
        field('body', $.exempt_block),
      ),
    exempt_block: ($) => block($.for_stmt, $.until_stmt, $.because_stmt),
    check_path: ($) => seq($.name, optional(seq('/', $.name))),
    until_stmt: ($) => seq('until', $.date),
    because_stmt: ($) => seq('because', $.string),

    test_item: ($) =>
      seq(optional($._attributes), 'test', field('name', $.string), field('body', $.test_block)),
    test_block: ($) => block($.at_stmt, $.given_stmt, $.expect_stmt),
    at_stmt: ($) => seq('at', choice($.date, $.string)),
    given_stmt: ($) => seq('given', field('name', optional($.name)), field('body', $.given_block)),
    given_block: ($) => block($.tags_field, $.meta_field, $.attr_field),
    tags_field: ($) => seq('tags', '{', repeat(seq($.tag_entry, optional(','))), '}'),
    meta_field: ($) => seq('meta', '{', repeat(seq($.tag_entry, optional(','))), '}'),
    tag_entry: ($) => seq($._key, ':', choice($.string, $.date, $.number, $.bool)),
    attr_field: ($) => seq($._attribute, choice($.string, $.quantity, $.date, $.number)),
    // Those that exist are words of their own, or they would be read as the unit of a number before them.
    _attribute: ($) =>
      choice(
        $.name,
        ...['id', 'name', 'type', 'provider', 'account', 'region', 'source', 'created', 'monthly-cost'].map(
          (word) => alias(word, $.name),
        ),
      ),
    expect_stmt: ($) =>
      seq(
        'expect',
        choice($.expect_violation, $.expect_exempt, $.expect_tag, $.expect_define),
        optional($.for_given),
      ),
    expect_violation: ($) => seq(optional('no'), 'violation', $.check_path),
    expect_exempt: ($) => seq('exempt', $.check_path),
    expect_tag: ($) =>
      seq(
        choice($.name, alias('no', $.name), alias('violation', $.name), alias('exempt', $.name)),
        choice(seq(alias(choice('==', '='), $.operator), $._value, optional($.from_rule)), seq('is', $.name)),
      ),
    expect_define: ($) => seq(optional($._not), $.name),
    from_rule: ($) => seq('from', 'rule', $.name),
    for_given: ($) => seq('for', $.name),

    table_item: ($) =>
      seq(
        optional($._attributes),
        'table',
        field('name', $.name),
        'from',
        field('file', $.string),
        'key',
        field('key', $.name),
        field('body', $.table_block),
      ),
    table_block: ($) => block($.column),
    column: ($) =>
      seq(
        field('name', choice($.name, alias('from', $.name))),
        ':',
        field('type', $._tag_type),
        optional($.from_header),
        optional(','),
      ),
    from_header: ($) => seq('from', $.string),

    infer_item: ($) => seq(optional($._attributes), 'infer', commaSep1($.name), field('body', $.infer_block)),
    infer_block: ($) => block($.apply_stmt, $.suggest_stmt),
    apply_stmt: ($) => seq('apply', 'at', $.number),
    suggest_stmt: ($) => seq('suggest', 'at', $.number),

    goal_item: ($) =>
      seq(optional($._attributes), 'goal', field('name', $.name), field('body', $.goal_block)),
    goal_block: ($) => block($.severity_stmt, $.coverage_stmt, $.each_stmt, alias($.goal_for_stmt, $.for_stmt), $.least_stmt, $.most_stmt),
    goal_for_stmt: ($) => seq('for', choice('charges', 'resource'), optional($.where_clause)),
    coverage_stmt: ($) => seq('coverage', 'of', $.list, 'by', $.name),
    each_stmt: ($) => seq('for', 'each', $.path),
    least_stmt: ($) => seq('at', 'least', $.number),
    most_stmt: ($) => seq('at', 'most', $.quantity),

    allocate_item: ($) =>
      seq(optional($._attributes), 'allocate', field('name', $.name), field('body', $.allocate_block)),
    allocate_block: ($) => block($.from_stmt, $.to_stmt, $.split_stmt),
    from_stmt: ($) => seq('from', choice('charges', 'resource'), optional($.where_clause)),
    to_stmt: ($) =>
      seq('to', choice(seq('every', $.name), seq(choice($.name, alias('every', $.name)), 'in', $.list))),
    split_stmt: ($) => seq('split', $.name, optional($.shares)),
    shares: ($) => seq('{', repeat(seq($.share, optional(','))), '}'),
    share: ($) => seq($._key, ':', $.number),

    list_item: ($) => seq(optional($._attributes), 'list', field('name', $.name), '=', $.list),

    relation_item: ($) =>
      seq(optional($._attributes), 'relation', field('name', $.name), '=', 'resource', $.where_clause),

    // ---- expressions, loosest first --------------------------------------------------------------

    _condition: ($) => choice($.or_expr, $._and_condition),
    _and_condition: ($) => choice($.and_expr, $._not_condition),
    _not_condition: ($) => choice($.not_expr, $._operand),
    _operand: ($) => choice($.paren, $.comparison, alias($.quantified, $.native_tags), $._value),

    or_expr: ($) => seq($._and_condition, repeat1(seq(choice('or', '||'), $._and_condition))),
    and_expr: ($) => seq($._not_condition, repeat1(seq(choice('and', '&&'), $._not_condition))),
    not_expr: ($) => seq(repeat1($._not), $._operand),
    _not: () => choice('not', '!'),
    paren: ($) => seq('(', $._condition, ')'),
    comparison: ($) => seq(choice(alias($.quantified, $.native_tags), $._value), choice($.cmp_tail, $.in_tail, $.text_tail, $.is_tail, $.within_tail)),
    cmp_tail: ($) => seq($.operator, choice($.regex, $._value)),
    operator: () => choice('===', '!==', '<>', '==', '!=', '<=', '>=', '<', '>', '=~', '='),
    in_tail: ($) => seq(optional($._not), 'in', choice($.list, $.name)),
    text_tail: ($) => seq($.text_op, choice($.list, $.regex, $._value)),
    text_op: () =>
      choice('contains', 'matches', 'like', seq('starts', 'with'), seq('ends', 'with'), seq('has', 'word')),
    is_tail: ($) => seq('is', optional($._not), $.name),
    within_tail: ($) => seq('within', choice('last', 'next'), $.quantity),

    quantified: ($) =>
      seq(choice('any', 'every'), optional('unknown'), 'native', choice('key', 'value'), optional(seq('of', $.name))),
    native_keys: ($) => seq(optional('unknown'), 'native', 'keys', optional(seq('of', $.name))),

    _value: ($) => choice($.sum, $._single_value),
    sum: ($) => seq($._single_value, repeat1(seq(alias(choice('+', '-'), $.operator), choice($.quantity, $.path)))),
    _single_value: ($) => choice($.string, $.date, $.quantity, $.number, $.bool, $.call, $.path),
    call: ($) => seq(field('function', $.name), '(', optional(commaSep1(choice($.regex, alias($.native_keys, $.native_tags), $._value))), ')'),
    // What begins a question about native tags may be a name as well.
    path: ($) =>
      seq(
        choice($.name, ...['any', 'every', 'native', 'unknown'].map((word) => alias(word, $.name))),
        repeat(choice($.field, $.index)),
      ),
    field: ($) => seq('.', $.name),
    index: ($) => seq('[', $._value, ']'),
    list: ($) => seq('[', optional(commaSep1($._value)), optional(','), ']'),

    // ---- tokens ----------------------------------------------------------------------------------

    // A hyphen is part of a name only before a letter, a digit or an underscore.
    name: () => token(choice(/[A-Za-z_][A-Za-z0-9_]*(-[A-Za-z0-9_]+)*/, /`[A-Za-z_][A-Za-z0-9_]*(-[A-Za-z0-9_]+)*`/)),

    // The parts win over comments, which could begin inside a text as well: "https://…".
    string: ($) => seq('"', repeat(choice($.string_content, $.escape_sequence, $.interpolation)), token.immediate('"')),
    string_content: () => token.immediate(prec(1, /[^"\\\r\n{]+|\{/)),
    escape_sequence: () => token.immediate(prec(1, /\\(u\{[0-9A-Fa-f]*\}|[^\r\n])/)),
    interpolation: () => token.immediate(prec(2, /\{[A-Za-z_][A-Za-z0-9_.-]*\}/)),

    regex: () => token(/\/([^\/*\\\r\n]|\\[^\r\n])([^\/\\\r\n]|\\[^\r\n])*\/[A-Za-z]*/),
    number: () => /-?[0-9]+(\.[0-9]+)?%?/,
    date: () => /[0-9]{4}-[0-9]{2}-[0-9]{2}/,
    quantity: ($) => prec(1, seq($.number, alias($.name, $.unit))),
    bool: () => choice('true', 'false'),

    comment: () => token(/\/\/[^\r\n]*/),
    doc_comment: () => token(prec(1, /\/\/\/[^\r\n]*/)),
  },
});
