import { createContext, use, useEffect, useMemo, useState, type ReactNode } from 'react';
import { en } from './en';
import { isLanguage, LANGUAGES, translator, type Language, type Messages, type Translator } from './translate';

const KEY = 'oriel.language';

interface LanguageState extends Translator {
  choose: (language: Language) => void;
}

const Context = createContext<LanguageState>({ ...translator('en', en), choose: () => undefined });

/** English is part of the first load; every other language is a chunk of its own. */
const loaders: Record<Exclude<Language, 'en'>, () => Promise<Messages>> = {
  de: async () => (await import('./de')).de,
};

function preferred(): Language {
  try {
    const stored = localStorage.getItem(KEY);
    if (isLanguage(stored)) return stored;
  } catch {
    // Storage may be blocked: the browser's languages decide.
  }
  for (const tag of navigator.languages) {
    const language = tag.slice(0, 2).toLowerCase();
    if (isLanguage(language)) return language;
  }
  return 'en';
}

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [wanted, setWanted] = useState(preferred);
  const [loaded, setLoaded] = useState<{ language: Language; messages: Messages } | undefined>(
    wanted === 'en' ? { language: 'en', messages: en } : undefined,
  );

  useEffect(() => {
    if (wanted === 'en') {
      setLoaded({ language: 'en', messages: en });
      return;
    }
    let current = true;
    loaders[wanted]().then(
      (messages) => current && setLoaded({ language: wanted, messages }),
      // The chunk can't be had (off line, or a new version was installed): English is better than nothing.
      () => current && setLoaded((before) => before ?? { language: 'en', messages: en }),
    );
    return () => {
      current = false;
    };
  }, [wanted]);

  const state = useMemo<LanguageState | undefined>(
    () =>
      loaded && {
        ...translator(loaded.language, loaded.messages),
        choose: (language) => {
          try {
            localStorage.setItem(KEY, language);
          } catch {
            // Without storage the choice lasts as long as the page.
          }
          setWanted(language);
        },
      },
    [loaded],
  );

  useEffect(() => {
    if (state) document.documentElement.lang = state.language;
  }, [state]);

  return state ? <Context value={state}>{children}</Context> : null;
}

export function useLanguage(): LanguageState {
  return use(Context);
}

export { LANGUAGES };
