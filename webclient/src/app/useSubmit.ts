import { useState, type SyntheticEvent } from 'react';
import { asFailure, type Failure } from '../api/failure';

/** A form that stays open: what it does when submitted, whether it is at it, and why it failed. */
export function useSubmit(act: () => Promise<void>) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const submit = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault();
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
