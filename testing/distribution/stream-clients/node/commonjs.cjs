// Both entries of the package from CommonJS: by import(), and by require() where this Node loads ES modules by it.
const entries = {
  'holdfast-streams': ['LostError', 'MovedError', 'ResumableClient', 'StreamError', 'resumableMethods'],
  'holdfast-streams/browser': ['EventStream', 'LostError', 'SocketStream', 'StreamError'],
};

async function load() {
  for (const [entry, names] of Object.entries(entries)) {
    const loaded = [await import(entry)];
    if (process.features.require_module) {
      loaded.push(require(entry));
    }
    for (const module of loaded) {
      const missing = names.filter((name) => typeof module[name] !== 'function');
      if (missing.length > 0) {
        throw new Error(`${entry}: no ${missing.join()}`);
      }
    }
  }
}

load().then(() => console.log(`commonjs=${process.features.require_module ? 'import,require' : 'import'}`));
