import { useState, type SyntheticEvent } from 'react';
import { asFailure, type Failure } from '../api/failure';

/** A form or a question: what it does when submitted, whether it is at it, and why it failed. It may be gone afterwards. */
export function useSubmit(act: () => Promise<unknown>) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const submit = async (event?: SyntheticEvent): Promise<void> => {
    event?.preventDefault();
    setBusy(true);
    setFailure(undefined);
    try {
      await act();
    } catch (error) {
      setFailure(asFailure(error));
    }
    setBusy(false);
  };
  return { busy, failure, submit };
}
