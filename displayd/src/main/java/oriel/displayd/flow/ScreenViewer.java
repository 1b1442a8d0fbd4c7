package oriel.displayd.flow;

/** One who watches a screen. Calls come from the feed: they must return at once. */
public interface ScreenViewer {
    /** Who is sent its frames; always the same. */
    FrameViewer frames();

    /** The picture is divided among other monitors, and has the same size. */
    void layoutChanged();

    /** The cursor's image changed. */
    void cursorChanged();

    /** The guest copied text. */
    void clipboardChanged(String text);

    /** Keyboard lights changed. */
    void ledsChanged(int leds);

    /** The machine is gone. */
    void displayClosed(String reason);
}
