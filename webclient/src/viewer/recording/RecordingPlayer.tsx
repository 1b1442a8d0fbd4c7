import { Alert, Button, FormSelect, FormSelectOption, Spinner } from '@patternfly/react-core';
import { PauseIcon, PlayIcon } from '@patternfly/react-icons';
import { useEffect, useRef, useState } from 'react';
import { useLanguage } from '../../i18n/language';
import { Decoder } from './decoder';
import { Player, type Progress } from './player';
import { Recording, type Source } from './recording';
import './recording.css';

const SPEEDS = [1, 2, 4, 8, 16];

/** "1:02:03" or "2:03". */
function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, i) => (i === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}

interface Props {
  /** Another source is another player: give it another key. */
  source: Source;
  /** Whose session it is. */
  name: string;
}

/** Shows a recorded session, from any moment and at several speeds. */
export function RecordingPlayer({ source, name }: Props) {
  const { t, date } = useLanguage();
  const place = useRef<HTMLDivElement>(null);
  const [recording, setRecording] = useState<Recording>();
  const [failed, setFailed] = useState(false);
  const [progress, setProgress] = useState<Progress>({ at: 0, playing: false, loading: true });
  const [speed, setSpeed] = useState(1);
  const player = useRef<Player>(undefined);

  useEffect(() => {
    let current = true;
    Recording.open(source).then(
      (opened) => current && setRecording(opened),
      () => current && setFailed(true),
    );
    return () => {
      current = false;
    };
  }, [source]);

  useEffect(() => {
    const where = place.current;
    if (recording === undefined || where === null) return undefined;
    const made = new Player(recording, () => new Decoder(where), setProgress, () => setFailed(true));
    player.current = made;
    return () => made.close();
  }, [recording]);

  if (failed) return <Alert variant="danger" isInline title={t('recording.failed')} />;
  const { at, playing, loading } = progress;
  const duration = recording?.duration ?? 0;
  return (
    <section className="oriel-recording" aria-label={t('recording.label', { name })}>
      <div ref={place} className="oriel-recording__screen">
        {loading && <Spinner className="oriel-recording__spinner" aria-label={t('state.loading')} />}
      </div>
      <div className="oriel-recording__controls">
        <Button
          variant="plain"
          icon={playing ? <PauseIcon /> : <PlayIcon />}
          aria-label={playing ? t('recording.pause') : t('recording.play')}
          isDisabled={recording === undefined}
          onClick={() => (playing ? player.current?.pause() : player.current?.play())}
        />
        <input
          type="range"
          className="oriel-recording__position"
          aria-label={t('recording.position')}
          aria-valuetext={t('recording.at', { at: clock(at), duration: clock(duration) })}
          min={0}
          max={duration}
          step={100}
          value={at}
          onChange={(event) => player.current?.seek(event.target.valueAsNumber)}
        />
        <span className="oriel-recording__time">{t('recording.at', { at: clock(at), duration: clock(duration) })}</span>
        <FormSelect
          className="oriel-recording__speed"
          aria-label={t('recording.speed')}
          value={speed}
          onChange={(_event, value) => {
            setSpeed(Number(value));
            player.current?.speed(Number(value));
          }}
        >
          {SPEEDS.map((factor) => (
            <FormSelectOption key={factor} value={factor} label={`${factor}×`} />
          ))}
        </FormSelect>
      </div>
      {recording && <p className="oriel-subtle">{t('recording.began', { time: date(recording.start.toISOString()) })}</p>}
    </section>
  );
}
