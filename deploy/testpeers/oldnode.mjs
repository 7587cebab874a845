// Gives Node.js 18 and 20 the few functions of 22 that oidc-provider calls: Debian 12 ships 18. Import it before
// oidc-provider. On a newer Node.js it does nothing.

import crypto, { webcrypto } from 'node:crypto';
import { register } from 'node:module';

globalThis.crypto ??= webcrypto;

URL.parse ??= (url, base) => {
  try {
    return new URL(url, base);
  } catch {
    return null;
  }
};

// oidc-provider reads crypto.hash from the module itself, which cannot be added to: whoever imports node:crypto gets this
// wrapper around it instead.
if (!crypto.hash) {
  const wrapper = dataURL(`
    export * from 'node:crypto';
    export { default } from 'node:crypto';
    import { createHash } from 'node:crypto';
    export const hash = (name, data, encoding = 'hex') => createHash(name).update(data).digest(encoding);
  `);
  register(dataURL(`
    const wrapper = ${JSON.stringify(wrapper)};
    export const resolve = (specifier, context, next) => specifier === 'node:crypto' && context.parentURL !== wrapper
      ? { url: wrapper, shortCircuit: true }
      : next(specifier, context);
  `));
}

function dataURL(source) {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}
