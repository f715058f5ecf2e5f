import { dirname, join } from 'node:path';
import ts from 'typescript';
import { ROOT } from './workspace.ts';

const OPTIONS: ts.CompilerOptions = { allowImportingTsExtensions: true, noEmit: true, noLib: true, types: [] };

/** The names that a library exports without their own docstring. @param path of the library */
export function undocumentedExports(path: string): string[] {
  const entry = join(path, 'src/index.ts');
  const program = ts.createProgram([entry], OPTIONS, hostOf(OPTIONS));
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(entry);
  const module = source && checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${entry} exports nothing`);
  return (
    checker
      .getExportsOfModule(module)
      .map((symbol) => ({ name: symbol.name, from: origin(checker, symbol) }))
      // A pure function is documented by its `@returns`.
      .filter(({ from }) => from.getDocumentationComment(checker).length + from.getJsDocTags(checker).length === 0)
      .map(({ name }) => name)
  );
}

/** The declaration behind a re-exported name. */
function origin(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** Reads only our own files: reading all imports takes seconds, and adds no docstrings. */
function hostOf(options: ts.CompilerOptions): ts.CompilerHost {
  const resolve = (name: string, from: string): ts.ResolvedModuleFull | undefined => {
    const [, library] = /^@brupop\/(.+)$/.exec(name) ?? [];
    const path = library === undefined ? join(dirname(from), name) : join(ROOT, 'libs', library, 'src/index.ts');
    return library !== undefined || name.startsWith('.') ? { resolvedFileName: path, extension: ts.Extension.Ts } : undefined;
  };
  return {
    ...ts.createCompilerHost(options),
    resolveModuleNameLiterals: (names, from) => names.map(({ text }) => ({ resolvedModule: resolve(text, from) })),
  };
}
