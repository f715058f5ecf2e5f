/** No file imports itself through others, types included. Cycles between projects are refused by the module boundaries of eslint.config.mjs. */
export default {
  forbidden: [{ name: 'no-import-cycles', severity: 'error', from: {}, to: { circular: true } }],
  options: {
    tsPreCompilationDeps: true,
    exclude: { path: '(^|/)(node_modules|dist)/' },
    enhancedResolveOptions: { conditionNames: ['@brupop/source', 'import', 'node'], exportsFields: ['exports'] },
  },
};
