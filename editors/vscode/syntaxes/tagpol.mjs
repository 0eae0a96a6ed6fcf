/**
 * The TextMate grammar, from which the build makes JSON.
 *
 * It colors a file before the server has read it, and if there is no server. Keywords are contextual in
 * the language, so each kind of item is a region of its own with its own words. The tests compare the words
 * with those of the parser, and the colors with the server's.
 */

const IDENT = '[A-Za-z_]\\w*(?:-\\w+)*';
const NAME = `(?:\`${IDENT}\`|${IDENT})`;

/** One of these words, that is not a part of a name. */
const words = (list) => `(?<![\\w\`.-])(?:${list.split(' ').join('|')})(?!-?[\\w\`])`;

const word = (text) => `(?<![\\w\`.-])(${text})(?!-?[\\w\`])`;

const keywords = (list, scope = 'keyword.other.tagpol') => ({ match: words(list), name: scope });

const include = (...names) => names.map((name) => ({ include: `#${name}` }));

const captures = (...scopes) =>
  Object.fromEntries(scopes.flatMap((scope, i) => (scope ? [[String(i + 1), { name: scope }]] : [])));

const ITEMS = 'use tag normalize define rule policy exempt test table infer goal allocate list relation';

/** Where the next item begins, which ends what has no brace at its end. */
const NEXT_ITEM = `(?=^\\s*(?:@|(?:${ITEMS.split(' ').join('|')})\\s+["\`A-Za-z_]))`;

const KEYWORD = 'keyword.other.tagpol';
const ITEM = 'keyword.declaration.tagpol';
const TAG = 'variable.other.tag.tagpol';
const TEXT = 'string.unquoted.tagpol';
const PROPERTY = 'variable.other.property.tagpol';
const CONSTANT = 'constant.language.tagpol';

/** An item with a name and a block, whose content has these patterns. */
const item = (keyword, nameScope, patterns) => ({
  name: `meta.${keyword}.tagpol`,
  begin: `${word(keyword)}\\s+(${NAME})`,
  beginCaptures: captures(ITEM, nameScope),
  end: `\\}|${NEXT_ITEM}`,
  patterns,
});

/** A keyword and the word behind it. */
const pair = (keyword, scope, nameScope = KEYWORD) => ({
  match: `${word(keyword)}\\s+(${scope})(?!-?[\\w\`])`,
  captures: captures(KEYWORD, nameScope),
});

/** `set owner =` */
const assignment = {
  match: `${word('set|fill')}\\s+(${NAME})\\s*(=)(?!=)`,
  captures: captures(KEYWORD, TAG, 'punctuation.separator.assignment.tagpol'),
};

const severity = pair('severity', NAME, CONSTANT);
const scope = keywords('for resource where');

/** `policy/check`, which is not an expression between slashes. */
const checkPath = (keyword) => ({
  match: `${word(keyword)}\\s+(${NAME})(?:\\s*(/)\\s*(${NAME}))?`,
  captures: captures(KEYWORD, 'entity.name.class.tagpol', 'punctuation.separator.tagpol', 'entity.name.label.tagpol'),
});

/** Bare words that are texts. */
const bareText = { match: NAME, name: TEXT };

export default {
  name: 'tagpol',
  scopeName: 'source.tagpol',
  patterns: include('comment', 'allow', 'item', 'expression'),
  repository: {
    comment: {
      patterns: [
        { match: '///.*$', name: 'comment.line.documentation.tagpol' },
        { match: '//.*$', name: 'comment.line.double-slash.tagpol' },
      ],
    },
    allow: {
      begin: `(@)\\s*(allow)\\s*\\(`,
      beginCaptures: captures('punctuation.definition.attribute.tagpol', KEYWORD),
      end: '\\)',
      patterns: [{ match: NAME, name: 'variable.other.lint.tagpol' }],
    },
    item: {
      patterns: include(
        'use', 'tag', 'normalize', 'define', 'rule', 'policy', 'exempt', 'test', 'table', 'infer', 'goal', 'allocate',
        'list', 'relation',
      ),
    },

    // ---- items ---------------------------------------------------------------------------------

    use: {
      name: 'meta.use.tagpol',
      begin: `${word('use')}\\s+(${NAME}(?:\\s*::\\s*${NAME})*)`,
      beginCaptures: captures(ITEM, 'entity.name.namespace.tagpol'),
      end: '[}\\]]|(?=\\S)(?![\\[{:]|::|except\\b)',
      patterns: [
        keywords('except'),
        { begin: '[\\[{]', end: '(?=[}\\]])', patterns: [...include('comment'), { match: NAME, name: 'variable.other.tagpol' }] },
      ],
    },
    tag: {
      name: 'meta.tag.tagpol',
      begin: `${word('tag')}\\s+(${NAME})\\s*(:)`,
      beginCaptures: captures(ITEM, TAG, 'punctuation.separator.tagpol'),
      end: `\\}|${NEXT_ITEM}`,
      patterns: [
        ...include('comment', 'type'),
        {
          begin: '\\{',
          end: '(?=\\})',
          patterns: [
            pair('importance', 'critical|high|medium|low', CONSTANT),
            keywords('default example'),
            ...include('comment', 'expression'),
          ],
        },
      ],
    },
    normalize: item('normalize', TAG, [
      ...include('comment'),
      {
        begin: word('where'),
        beginCaptures: captures(KEYWORD),
        end: '(?=\\{)',
        patterns: include('comment', 'expression'),
      },
      {
        begin: word('keys'),
        beginCaptures: captures(KEYWORD),
        end: `(?=${words('keys write map transform otherwise')}|\\})`,
        patterns: [...include('comment', 'string'), bareText],
      },
      {
        begin: word('write'),
        beginCaptures: captures(KEYWORD),
        end: `(?=${words('keys write map transform otherwise')}|\\})`,
        patterns: [...include('comment', 'string'), { match: words('aws azure gcp'), name: CONSTANT }],
      },
      {
        begin: word('map'),
        beginCaptures: captures(KEYWORD),
        end: `(->)\\s*(?:(missing)(?!-?\\w)|(${NAME}))?|(?=\\})`,
        endCaptures: captures('punctuation.separator.arrow.tagpol', CONSTANT, 'variable.other.enummember.tagpol'),
        patterns: [...include('comment', 'string', 'regex'), bareText],
      },
      {
        begin: word('transform'),
        beginCaptures: captures(KEYWORD),
        end: `(?=${words('keys write map transform otherwise')}|\\})`,
        patterns: [...include('comment'), { match: NAME, name: 'support.function.tagpol' }],
      },
      pair('otherwise', 'keep|missing', CONSTANT),
      ...include('string', 'punctuation'),
    ]),
    define: {
      name: 'meta.define.tagpol',
      begin: `${word('define')}\\s+(${NAME})\\s*(=)(?!=)`,
      beginCaptures: captures(ITEM, 'entity.name.function.tagpol', 'punctuation.separator.assignment.tagpol'),
      end: NEXT_ITEM,
      patterns: include('comment', 'expression'),
    },
    rule: item('rule', 'entity.name.function.rule.tagpol', [
      assignment,
      keywords('priority when set fill'),
      ...include('comment', 'expression'),
    ]),
    policy: item('policy', 'entity.name.class.tagpol', [
      severity,
      {
        match: `${word('require|forbid')}\\s+(${NAME})\\s*(:)(?!:)`,
        captures: captures(KEYWORD, 'entity.name.label.tagpol', 'punctuation.separator.tagpol'),
      },
      pair('control', NAME, 'constant.other.framework.tagpol'),
      scope,
      assignment,
      keywords('require forbid grace escalate to after control remediate set else'),
      ...include('comment', 'expression'),
    ]),
    exempt: {
      name: 'meta.exempt.tagpol',
      begin: `${word('exempt')}\\s+(${NAME})(?:\\s*(/)\\s*(${NAME}))?`,
      beginCaptures: captures(ITEM, 'entity.name.class.tagpol', 'punctuation.separator.tagpol', 'entity.name.label.tagpol'),
      end: `\\}|${NEXT_ITEM}`,
      patterns: [
        // More of what is waived, before the block.
        {
          match: `(,)\\s*(${NAME})(?:\\s*(/)\\s*(${NAME}))?`,
          captures: captures(
            'punctuation.tagpol',
            'entity.name.class.tagpol',
            'punctuation.separator.tagpol',
            'entity.name.label.tagpol',
          ),
        },
        scope,
        keywords('until because'),
        ...include('comment', 'expression'),
      ],
    },
    test: {
      name: 'meta.test.tagpol',
      begin: `${word('test')}\\s+(?=")`,
      beginCaptures: captures(ITEM),
      end: `\\}|${NEXT_ITEM}`,
      patterns: [
        {
          name: 'meta.given.tagpol',
          begin: `${word('given')}(?:\\s+(${NAME}))?\\s*\\{`,
          beginCaptures: captures(KEYWORD, 'variable.parameter.tagpol'),
          end: '\\}',
          patterns: [
            {
              begin: `${word('tags|meta')}\\s*\\{`,
              beginCaptures: captures(KEYWORD),
              end: '\\}',
              patterns: [{ match: `${NAME}(?=\\s*:)`, name: TEXT }, ...include('comment', 'literal', 'punctuation')],
            },
            { match: `${NAME}(?=\\s+["\\d-])`, name: PROPERTY },
            ...include('comment', 'literal'),
          ],
        },
        checkPath('violation|exempt'),
        {
          match: `${word('from')}\\s+(rule)\\s+(${NAME})`,
          captures: captures(KEYWORD, KEYWORD, 'entity.name.function.rule.tagpol'),
        },
        pair('for', NAME, 'variable.parameter.tagpol'),
        keywords('at expect no'),
        ...include('comment', 'expression'),
      ],
    },
    table: item('table', 'entity.name.struct.tagpol', [
      pair('key', NAME, PROPERTY),
      keywords('from'),
      {
        begin: `(${NAME})\\s*(:)`,
        beginCaptures: captures(PROPERTY, 'punctuation.separator.tagpol'),
        end: `(?=,|\\}|${words('from')}|${NAME}\\s*:)`,
        patterns: include('comment', 'type'),
      },
      ...include('comment', 'string', 'punctuation'),
    ]),
    infer: {
      name: 'meta.infer.tagpol',
      begin: word('infer'),
      beginCaptures: captures(ITEM),
      end: `\\}|${NEXT_ITEM}`,
      patterns: [
        { begin: '\\{', end: '(?=\\})', patterns: [keywords('apply suggest at'), ...include('comment', 'literal')] },
        ...include('comment'),
        { match: NAME, name: TAG },
      ],
    },
    goal: item('goal', 'entity.name.class.goal.tagpol', [
      severity,
      { match: `${word('for')}\\s+(each|charges)(?!-?\\w)`, captures: captures(KEYWORD, KEYWORD) },
      scope,
      pair('by', 'cost|count', CONSTANT),
      { match: `${word('at')}\\s+(least|most)(?!-?\\w)`, captures: captures(KEYWORD, KEYWORD) },
      keywords('coverage of'),
      ...include('comment', 'expression'),
    ]),
    allocate: item('allocate', 'entity.name.class.goal.tagpol', [
      pair('split', 'proportional|even|fixed', CONSTANT),
      pair('every', NAME, TAG),
      { match: `${word('from')}\\s+(resource|charges)(?!-?\\w)`, captures: captures(KEYWORD, KEYWORD) },
      keywords('where to'),
      {
        begin: `(?<=fixed)\\s*\\{`,
        end: '\\}',
        patterns: [{ match: `${NAME}(?=\\s*:)`, name: TEXT }, ...include('comment', 'literal', 'punctuation')],
      },
      ...include('comment', 'expression'),
    ]),

    list: {
      name: 'meta.list.tagpol',
      begin: `${word('list')}\\s+(${NAME})\\s*(=)(?!=)`,
      beginCaptures: captures(ITEM, 'entity.name.struct.tagpol', 'punctuation.separator.assignment.tagpol'),
      end: `\\]|${NEXT_ITEM}`,
      patterns: include('comment', 'expression'),
    },

    relation: {
      name: 'meta.relation.tagpol',
      begin: `${word('relation')}\\s+(${NAME})\\s*(=)(?!=)\\s*(resource)\\s+(where)(?!-?\\w)`,
      beginCaptures: captures(
        ITEM,
        'entity.name.struct.tagpol',
        'punctuation.separator.assignment.tagpol',
        KEYWORD,
        KEYWORD,
      ),
      end: NEXT_ITEM,
      patterns: include('comment', 'expression'),
    },

    // ---- types and expressions -----------------------------------------------------------------

    type: {
      patterns: [
        {
          match: `${word('text')}\\s+(matching)(?!-?\\w)`,
          captures: captures(KEYWORD, KEYWORD),
        },
        { match: `${word('one')}\\s+(of)(?!-?\\w)`, captures: captures(KEYWORD, KEYWORD) },
        { begin: '\\[', end: '\\]', patterns: [...include('comment', 'literal'), { match: NAME, name: 'variable.other.enummember.tagpol' }] },
        { match: words('text email date duration number bool url'), name: 'support.type.tagpol' },
        ...include('string', 'regex'),
      ],
    },
    expression: {
      patterns: [
        {
          match: `${word('is')}(?:\\s+(not))?\\s+(set|missing|unknown|valid|email|date|duration|number|url)(?!-?[\\w\`])`,
          captures: captures('keyword.operator.wordlike.tagpol', 'keyword.operator.wordlike.tagpol', CONSTANT),
        },
        {
          match: `${word('has')}\\s+(word)(?!-?\\w)`,
          captures: captures('keyword.operator.wordlike.tagpol', 'keyword.operator.wordlike.tagpol'),
        },
        {
          match: `${word('starts|ends')}\\s+(with)(?!-?\\w)`,
          captures: captures('keyword.operator.wordlike.tagpol', 'keyword.operator.wordlike.tagpol'),
        },
        {
          match: `${word('within')}\\s+(last|next)(?!-?\\w)`,
          captures: captures('keyword.operator.wordlike.tagpol', 'keyword.operator.wordlike.tagpol'),
        },
        {
          match: `${word('any|every')}(?:\\s+(unknown))?\\s+(native)\\s+(key|value)(?:\\s+(of))?(?!-?\\w)`,
          captures: captures(KEYWORD, KEYWORD, KEYWORD, KEYWORD, KEYWORD),
        },
        {
          match: `(?<=\\()\\s*(?:(unknown)\\s+)?(native)\\s+(keys)(?:\\s+(of))?(?!-?\\w)`,
          captures: captures(KEYWORD, KEYWORD, KEYWORD, KEYWORD),
        },
        keywords('and or not in is contains matches like', 'keyword.operator.wordlike.tagpol'),
        { match: `${words('resource charge native today now')}`, name: 'variable.language.tagpol' },
        { match: `(\\.)(${NAME})`, captures: captures('punctuation.accessor.tagpol', PROPERTY) },
        { match: `${NAME}(?=[ \\t]*\\()`, name: 'support.function.tagpol' },
        ...include('literal'),
        { match: `${NAME}`, name: 'variable.other.tagpol' },
        ...include('operator', 'punctuation'),
      ],
    },

    // ---- tokens --------------------------------------------------------------------------------

    literal: {
      patterns: [
        ...include('string'),
        { match: '\\b\\d{4}-\\d{2}-\\d{2}(?!\\d)', name: 'constant.numeric.date.tagpol' },
        ...include('regex'),
        {
          match: `(-?\\d+(?:\\.\\d+)?%?)(?:[ \\t]+(${words('seconds? minutes? hours? days? weeks? [A-Z]{3}')}))?`,
          captures: captures('constant.numeric.tagpol', 'constant.numeric.unit.tagpol'),
        },
        { match: words('true false'), name: 'constant.language.boolean.tagpol' },
      ],
    },
    string: {
      name: 'string.quoted.double.tagpol',
      begin: '"',
      end: '"|$',
      patterns: [
        { match: '\\\\(?:u\\{[0-9A-Fa-f]*\\}|.)', name: 'constant.character.escape.tagpol' },
        { match: `(?<=\\{)${IDENT}(?:\\.${IDENT})*(?=\\})`, name: 'variable.other.template.tagpol' },
      ],
    },
    regex: {
      name: 'string.regexp.tagpol',
      match: '/(?![/*])(?:[^/\\\\]|\\\\.)+/[A-Za-z]*',
    },
    operator: { match: '===|!==|<>|==|!=|<=|>=|=~|<|>|=|&&|\\|\\||!|\\+|-', name: 'keyword.operator.tagpol' },
    punctuation: { match: '[,:\\[\\](){}]', name: 'punctuation.tagpol' },
  },
};
