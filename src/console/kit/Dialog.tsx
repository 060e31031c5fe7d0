import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Button } from './Button.js';

/** Properties of a {@link Dialog}. */
export interface DialogProps {
  readonly title: string;
  readonly children: ComponentChildren;
  /** Called once when the dialog is closed by Escape, its button or a click beside it. */
  readonly onClose: () => void;
  /** False: what lies behind it stays usable. @default true */
  readonly modal?: boolean;
}

/** A native dialog that is open while it is rendered; the browser keeps the focus in it, and gives it back. */
export function Dialog({ title, children, onClose, modal = true }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const element = dialog.current;
    if (modal) element?.showModal();
    else element?.show();
    return () => element?.close();
  }, [modal]);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={titleId}
      class={modal ? 'modal' : 'modeless'}
      onCancel={event => {
        event.preventDefault();
        onClose();
      }}
    >
      <header>
        <h2 id={titleId}>{title}</h2>
        <Button name="Close" onPress={onClose}>
          ×
        </Button>
      </header>
      {children}
    </dialog>
  );
}
