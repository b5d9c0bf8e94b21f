import vm from 'node:vm';

/**
 * Makes this process compile a file once for all its spec files. Jest runs each spec file in a context of its own and compiles
 * its framework, all packages and the library again there. Contexts share byte code, and no value.
 */
export function compileOnce() {
  vm.compileFunction = scriptsFor(vm.compileFunction);
  vm.SourceTextModule = modulesFor(vm.SourceTextModule);
}

/** For CommonJS: a `vm.Script` is compiled once and runs in every context. */
function scriptsFor(original) {
  /** By file name. */
  const compiled = new Map();
  return (source, parameters, options) => {
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

/** A dynamic import of cached code would look for its module among those of the first spec file. */
const DYNAMIC_IMPORT = /\bimport\s*\(/;

/** For ES modules, each of which belongs to one context: the code cache of V8. */
function modulesFor(Original) {
  /** By file name. */
  const caches = new Map();
  return class SourceTextModule extends Original {
    constructor(source, options) {
      const { identifier } = options;
      const known = caches.get(identifier);
      if (known?.source === source) {
        try {
          super(source, { ...options, cachedData: known.cachedData });
          return;
        } catch (error) {
          // V8 refuses what it cached before a spec changed its flags, as with --expose-gc.
          if (error.code !== 'ERR_VM_MODULE_CACHED_DATA_REJECTED') throw error;
        }
      }
      super(source, options);
      if (!DYNAMIC_IMPORT.test(source))
        caches.set(identifier, { source, cachedData: this.createCachedData() });
    }
  };
}
