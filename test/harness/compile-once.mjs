import vm from 'node:vm';

/**
 * Makes this process compile a CommonJS file once for all its spec files. Jest runs each spec file in a context of its own and
 * compiles its framework and all packages again there. A `vm.Script` is compiled once and runs in every context: contexts
 * share byte code, and no value.
 */
export function compileOnce() {
  const original = vm.compileFunction;
  /** By file name and source. */
  const compiled = new Map();
  vm.compileFunction = (source, parameters, options) => {
    const { filename, parsingContext, importModuleDynamically } = options ?? {};
    if (!filename || !parsingContext || source.startsWith('#!')) return original(source, parameters, options);
    const head = `(function (${parameters.join(', ')}) {`;
    let file = compiled.get(filename);
    if (file?.source !== source || file.head !== head) {
      file = compile(source, head, filename);
      compiled.set(filename, file);
    }
    file.importModuleDynamically = importModuleDynamically;
    return file.script.runInContext(parsingContext);
  };
}

function compile(source, head, filename) {
  const file = { source, head };
  file.script = new vm.Script(`${head}${source}\n})`, {
    filename,
    columnOffset: -head.length,
    // Of the spec file that runs.
    importModuleDynamically: (...args) => file.importModuleDynamically(...args),
  });
  return file;
}
