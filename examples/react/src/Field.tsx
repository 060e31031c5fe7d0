import type { ComponentProps } from 'react';

/** A field of a form, with its label. */
export function Field({ label, ...input }: ComponentProps<'input'> & { label: string }) {
  return (
    <p>
      <label>
        {label} <input {...input} />
      </label>
    </p>
  );
}
