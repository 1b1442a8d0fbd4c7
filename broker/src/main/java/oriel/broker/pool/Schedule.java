package oriel.broker.pool;

import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import oriel.broker.problem.Check;
import oriel.broker.problem.RefusedException;

/**
 * What a pool does by the calendar of a place.
 *
 * @param zone of the times, as Europe/Berlin; UTC if absent
 * @param holidays days on which no window counts: closed, if there are opening hours, and no extra machines
 * @param warm how many free machines run, instead of the pool's own number; of several that count the largest
 * @param open when users may connect to new sessions; always, if there is none
 */
public record Schedule(
        @Nullable String zone,
        @Nullable Set<LocalDate> holidays,
        @Nullable List<Warm> warm,
        @Nullable List<Window> open) {
    /** Every day, the whole day; nothing extra. */
    public static final Schedule NONE = new Schedule(null, null, null, null);

    private static final int MOST = 100;
    private static final int MOST_HOLIDAYS = 400;

    /** Checks the zone and the numbers. */
    public Schedule {
        zone = zone == null ? "UTC" : zone;
        try {
            ZoneId.of(zone);
        } catch (DateTimeException e) {
            throw RefusedException.field("schedule.zone", "is no time zone like Europe/Berlin");
        }
        holidays = holidays == null ? Set.of() : Set.copyOf(holidays);
        warm = warm == null ? List.of() : List.copyOf(warm);
        open = open == null ? List.of() : List.copyOf(open);
        if (warm.size() > MOST || open.size() > MOST || holidays.size() > MOST_HOLIDAYS) {
            throw RefusedException.field("schedule", "has too many entries");
        }
    }

    /**
     * Part of some days of the week.
     *
     * @param days which; every day if absent
     * @param from from this time on
     * @param until before this time; not later than {@code from} means on the next day
     */
    public record Window(@Nullable Set<DayOfWeek> days, LocalTime from, LocalTime until) {
        /** Checks the times. */
        public Window {
            Check.present("from", from);
            Check.present("until", until);
            days = days == null || days.isEmpty() ? Set.of(DayOfWeek.values()) : Set.copyOf(days);
        }

        boolean covers(ZonedDateTime now, Set<LocalDate> holidays) {
            LocalTime time = now.toLocalTime();
            if (from.isBefore(until)) {
                return on(now.toLocalDate(), holidays) && !time.isBefore(from) && time.isBefore(until);
            }
            // Over midnight: the evening of a day, or the morning after it.
            return (on(now.toLocalDate(), holidays) && !time.isBefore(from))
                    || (on(now.toLocalDate().minusDays(1), holidays) && time.isBefore(until));
        }

        private boolean on(LocalDate day, Set<LocalDate> holidays) {
            return days != null && days.contains(day.getDayOfWeek()) && !holidays.contains(day);
        }
    }

    /**
     * A number of free machines for a part of some days.
     *
     * @param days which; every day if absent
     * @param from from this time on
     * @param until before this time
     * @param machines how many
     */
    public record Warm(@Nullable Set<DayOfWeek> days, LocalTime from, LocalTime until, int machines) {
        /** Checks the fields. */
        public Warm {
            Check.present("from", from);
            Check.present("until", until);
            Check.within("machines", machines, 0, Pools.MOST_MACHINES);
        }
    }

    /** How many free machines run by the calendar; empty if it says nothing for now. */
    public OptionalInt warmAt(Instant now) {
        ZonedDateTime local = now.atZone(ZoneId.of(zone == null ? "UTC" : zone));
        Set<LocalDate> off = holidays == null ? Set.of() : holidays;
        List<Warm> entries = warm == null ? List.of() : warm;
        return entries.stream()
                .filter(entry -> new Window(entry.days(), entry.from(), entry.until()).covers(local, off))
                .mapToInt(Warm::machines)
                .max();
    }

    /** Whether users may connect to new sessions. */
    public boolean openAt(Instant now) {
        ZonedDateTime local = now.atZone(ZoneId.of(zone == null ? "UTC" : zone));
        Set<LocalDate> off = holidays == null ? Set.of() : holidays;
        List<Window> windows = open == null ? List.of() : open;
        return windows.isEmpty() || windows.stream().anyMatch(window -> window.covers(local, off));
    }
}
