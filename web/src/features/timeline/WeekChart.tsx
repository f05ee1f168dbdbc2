// SPDX-License-Identifier: Apache-2.0
import { useId, useMemo, useState, type ReactNode } from 'react';
import { Mark } from '../../components/Mark';
import { PartBoundary } from '../../components/PartBoundary';
import type { AccessFilter, OutcomeFilter } from '../../lib/accessFilter';
import { EMERGENCY } from '../../lib/accessKinds';
import { formatShortDate } from '../../lib/dates';
import { latePart } from '../../lib/latePart';
import { useMe } from '../../lib/queries';
import { useFilter, withMember } from '../../lib/useFilter';
import { useWords } from '../../words/context';
import { SeriesName, type CountsProps, type SeriesProps } from './SeriesName';
import { coloursOf, countWeeks, weekStart, type Split, type Week } from './weekCounts';
import { WEEKS, type Overview } from './useOverview';

const WeekTable = latePart(async () => (await import('./WeekTable')).WeekTable);

/** Accesses a week, as bars or as a table. Each bar is a button that narrows the list to its week. */
export function WeekChart({ overview }: { readonly overview: Overview }): ReactNode {
  const words = useWords();
  const titleId = useId();
  const [split, setSplit] = useState<Split>('organisation');
  const [isTable, setIsTable] = useState(false);
  const counts = useMemo(() => countWeeks(overview.entries, overview.since, WEEKS, split), [overview, split]);
  return (
    <section className="chart" aria-label={words.text('chart.title', { weeks: WEEKS })}>
      {counts.largest === 0 ? (
        <p className="small">{words.text('chart.none')}</p>
      ) : (
        <>
          <fieldset className="segments">
            <legend className="unseen">{words.text('chart.split')}</legend>
            {(['organisation', 'reason'] as const).map((name) => (
              <label key={name} className="segment">
                <input
                  type="radio"
                  name={titleId}
                  checked={split === name}
                  onChange={() => {
                    setSplit(name);
                  }}
                />
                <span>{words.text(name === 'organisation' ? 'chart.byOrganisation' : 'chart.byReason')}</span>
              </label>
            ))}
          </fieldset>
          {isTable ? (
            <PartBoundary>
              <WeekTable counts={counts} split={split} />
            </PartBoundary>
          ) : (
            <WeekBars counts={counts} split={split} />
          )}
          {overview.isCapped && (
            <p className="small">{words.text('chart.capped', { count: overview.entries.length })}</p>
          )}
          <button
            type="button"
            className="button button-quiet button-small button-flush"
            onClick={() => {
              setIsTable(!isTable);
            }}
          >
            {words.text(isTable ? 'chart.asChart' : 'chart.asTable')}
          </button>
        </>
      )}
    </section>
  );
}

/** Reasons that most lists have, in the order of their colours. */
const REASONS = ['TREAT', EMERGENCY, 'HPAYMT', 'HOPERAT', 'HRESCH', 'PUBHLTH', 'PATRQT', 'CAREMGT'];

type Colours = ReturnType<typeof coloursOf>;

function WeekBars({ counts, split }: CountsProps): ReactNode {
  const words = useWords();
  const { organisations } = useMe();
  const order = split === 'reason' ? REASONS : organisations.map(({ mspId }) => mspId);
  const colours = coloursOf(counts.series, order);
  return (
    <>
      <p className="small">{words.text('chart.hint')}</p>
      <div className="plot">
        <p className="plot-top" aria-hidden="true">
          {words.number(counts.largest)}
        </p>
        <ol className="bars">
          {counts.weeks.map((week) => (
            <WeekBar key={week.start} week={week} largest={counts.largest} colours={colours} />
          ))}
        </ol>
      </div>
      <p className="bars-axis" aria-hidden="true">
        <span>{formatShortDate(words.tag, weekStart(counts.weeks[0]))}</span>
        <span>{formatShortDate(words.tag, weekStart(counts.weeks.at(-1)))}</span>
      </p>
      <ul className="legend">
        {counts.series.map((value, at) => (
          <li key={value ?? ''}>
            <SeriesChoice value={value} colour={colours[at]} split={split} />
          </li>
        ))}
        {!(split === 'reason' && counts.series.includes(EMERGENCY)) && (
          <li>
            <LegendChoice name="purpose" value={EMERGENCY} sign={<Mark kind="emergency" />}>
              {words.text('mark.emergency')}
            </LegendChoice>
          </li>
        )}
        <li>
          <LegendChoice name="outcome" value="refused" sign={<Mark kind="deny" />}>
            {words.text('chart.refused')}
          </LegendChoice>
        </li>
      </ul>
    </>
  );
}

interface WeekBarProps {
  readonly week: Week;
  readonly largest: number;
  readonly colours: Colours;
}

function WeekBar({ week, largest, colours }: WeekBarProps): ReactNode {
  const words = useWords();
  const { filter, setFilter } = useFilter();
  const isChosen = filter.from === week.start && filter.to === week.end;
  const height = `${String((week.total / largest) * 100)}%`;
  const parts = [
    words.text('chart.weekLabel', { date: formatShortDate(words.tag, weekStart(week)), count: week.total }),
    ...(week.emergencies > 0 ? [words.text('list.emergencies', { count: week.emergencies })] : []),
    ...(week.refusals > 0 ? [words.text('chart.refusals', { count: week.refusals })] : []),
  ];
  return (
    <li className="bar-place">
      <button
        type="button"
        className="bar"
        aria-pressed={isChosen}
        aria-label={words.list(parts)}
        onClick={() => {
          setFilter(isChosen ? withoutPeriod(filter) : { ...filter, from: week.start, to: week.end });
        }}
      >
        <span className="bar-area">
          <span className="bar-stack" style={{ height }}>
            {week.counts.map((count, at) => (
              <span key={at} className={`series series-${String(colours[at])}`} style={{ flexGrow: count }} />
            ))}
          </span>
          <span className="bar-marks" style={{ bottom: height }}>
            <BarMark kind="emergency" count={week.emergencies} />
            <BarMark kind="deny" count={week.refusals} />
          </span>
        </span>
      </button>
    </li>
  );
}

interface BarMarkProps {
  readonly kind: 'emergency' | 'deny';
  readonly count: number;
}

/** What there is room for above a bar. */
const MOST = 999;

/** A shape above a bar, with how many it stands for; the bar's name and the table say it exactly. */
function BarMark({ kind, count }: BarMarkProps): ReactNode {
  const words = useWords();
  return (
    count > 0 && (
      <span className={`bar-mark bar-mark-${kind}`}>
        <Mark kind={kind} />
        {count > 1 && (count > MOST ? `${String(MOST)}+` : words.number(count))}
      </span>
    )
  );
}

interface SeriesChoiceProps extends SeriesProps {
  readonly colour: Colours[number] | undefined;
}

function SeriesChoice({ value, split, colour: name }: SeriesChoiceProps): ReactNode {
  const colour = <span className={`swatch series-${String(name)}`} aria-hidden="true" />;
  const swatch =
    value === EMERGENCY ? (
      <>
        {colour}
        <Mark kind="emergency" />
      </>
    ) : (
      colour
    );
  if (value === null) {
    return (
      <span className="legend-mark">
        {swatch}
        <SeriesName value={value} split={split} />
      </span>
    );
  }
  return (
    <LegendChoice name={split === 'organisation' ? 'org' : 'purpose'} value={value} sign={swatch}>
      <SeriesName value={value} split={split} />
    </LegendChoice>
  );
}

interface LegendChoiceProps {
  readonly name: 'org' | 'purpose' | 'outcome';
  readonly value: string;
  readonly sign: ReactNode;
  readonly children: ReactNode;
}

/** What a colour or a shape of the chart stands for; pressed, the list shows that alone. */
function LegendChoice({ name, value, sign, children }: LegendChoiceProps): ReactNode {
  const { filter, setFilter } = useFilter();
  const isChosen = filter[name] === value;
  return (
    <button
      type="button"
      className="legend-choice"
      aria-pressed={isChosen}
      onClick={() => {
        setFilter(withMember(filter, name, isChosen ? '' : (value as OutcomeFilter)));
      }}
    >
      {sign}
      {children}
    </button>
  );
}

function withoutPeriod(filter: AccessFilter): AccessFilter {
  return withMember(withMember(filter, 'from', ''), 'to', '');
}
