import { readFileSync } from 'node:fs';

const read = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
const tagpol = { ...read('tagpol.json'), name: 'tagpol' };
const codes = read('codes.json');

const pages = (...names) => names.map(([text, link]) => ({ text, link: `/${link}` }));

export default {
  title: 'tagpol',
  description: 'Tag policies for AWS, Azure and Google Cloud, as code',
  // No icon is asked for.
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  cleanUrls: true,
  lastUpdated: false,
  // The JSON schemas are files, not pages.
  ignoreDeadLinks: [/^\/schema\//],
  markdown: { languages: [tagpol], languageAlias: { console: 'shellsession', promql: 'text' } },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: pages(['Start', 'start'], ['Language', 'language'], ['Diagnostics', 'diagnostics/'], ['Changelog', 'changelog']),
    sidebar: [
      {
        text: 'Start',
        items: pages(['Installation', 'installation'], ['The first minute', 'start'], ['For FinOps', 'start-finops'], ['For platform teams', 'start-platform'], ['For auditors', 'start-audit']),
      },
      {
        text: 'Policies',
        items: pages(['Policies by example', 'policies'], ['Testing', 'testing'], ['Packages', 'packages'], ['Standard library', 'stdlib'], ['Migrating', 'migration'], ['Editors', 'editors'], ['Neovim', 'neovim']),
      },
      {
        text: 'Inventories and money',
        items: pages(['Inventories', 'inventories'], ['Live clouds', 'clouds'], ['Costs', 'costs'], ['Reports', 'reports'], ['Explaining', 'explain'], ['Comparing', 'diff'], ['Suggesting tags', 'suggest'], ['Advice', 'advise']),
      },
      {
        text: 'Acting',
        items: pages(['Remediation', 'remediation'], ['A walk-through', 'walk-through'], ['Guards of clouds', 'enforcement'], ['Continuous integration', 'continuous-integration']),
      },
      {
        text: 'The server',
        items: pages(['The server', 'serve'], ['Dashboard', 'dashboard'], ['Deployment', 'deployment'], ['Project state', 'state']),
      },
      {
        text: 'Reference',
        items: pages(['The language', 'language'], ['Documentation of tags', 'documentation'], ['Security', 'security'], ['Performance', 'performance'], ['Changelog', 'changelog']),
      },
      {
        text: 'Diagnostics',
        collapsed: true,
        items: codes.map((code) => ({ text: code, link: `/diagnostics/${code}` })),
      },
    ],
  },
};
