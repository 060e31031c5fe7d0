import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A certificate and its key, by the paths of their files. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** Who vouches for certificates. */
export interface CertificateAuthority {
  /** The path of its own certificate. */
  readonly certificate: string;
  /** Makes a certificate for a service on this machine, or for a client. */
  issue(name: string): CertificateFiles;
}

/** What is missing to make certificates, or null. */
export function missingOpenssl(): string | null {
  try {
    openssl('version');
    return null;
  } catch {
    return 'needs the program openssl: the package of this name';
  }
}

/** Makes an authority, whose files are in a folder. */
export function certificateAuthority(folder: string, name: string): CertificateAuthority {
  const path = (file: string) => join(folder, file);
  const ca = keyPair(name);
  openssl('req', '-x509', '-new', '-key', ca.key, '-subj', `/CN=${name}`, '-days', '2', '-out', ca.certificate);

  function keyPair(owner: string): CertificateFiles {
    const files = { certificate: path(`${owner}.crt`), key: path(`${owner}.key`) };
    openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', files.key);
    return files;
  }

  return {
    certificate: ca.certificate,
    issue(owner) {
      const files = keyPair(owner);
      const request = path(`${owner}.csr`);
      const extensions = path(`${owner}.ext`);
      writeFileSync(extensions, 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
      openssl('req', '-new', '-key', files.key, '-subj', `/CN=${owner}`, '-out', request);
      const by = ['-CA', ca.certificate, '-CAkey', ca.key, '-CAcreateserial'];
      openssl('x509', '-req', '-in', request, ...by, '-days', '1', '-extfile', extensions, '-out', files.certificate);
      return files;
    },
  };
}

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' });
}
