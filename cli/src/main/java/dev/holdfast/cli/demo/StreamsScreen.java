package dev.holdfast.cli.demo;

import dev.holdfast.cli.output.JsonText;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Shows {@code demo streams}: lines of the story, and below them, on a terminal, the picture of
 * now. Into a pipe the picture comes every few seconds; as JSON, one object a line. Thread-safe.
 */
final class StreamsScreen {
  private static final double PLAIN_EVERY_SECONDS = 5;
  private static final String ESCAPE = "\u001b[";

  /** Where lines go. */
  enum Mode {
    TERMINAL,
    PLAIN,
    JSON
  }

  private final Mode mode;
  private final PrintWriter out;
  private final PrintWriter err;
  private final Supplier<Terminal.Size> size;
  private List<String> shown = List.of();
  private double nextPlainSeconds;

  StreamsScreen(Mode mode, PrintWriter out, PrintWriter err, Supplier<Terminal.Size> size) {
    this.mode = mode;
    this.out = out;
    this.err = err;
    this.size = size;
  }

  /** Something worth a line. */
  synchronized void say(String line) {
    if (mode == Mode.JSON) {
      json(JsonText.object().with("event", "note").with("text", line));
    } else {
      redraw(List.of(line), shown);
    }
  }

  synchronized void stepStarted(int number, String title) {
    if (mode == Mode.JSON) {
      json(step("step_started", number, title));
    } else {
      redraw(List.of(name(number, title) + " ..."), shown);
    }
  }

  /**
   * A step is over.
   *
   * @param problem "" when it came to what it should
   */
  synchronized void stepEnded(
      int number, String title, String problem, Map<String, String> measured) {
    if (mode == Mode.JSON) {
      JsonText event = step("step_ended", number, title).with("ok", problem.isEmpty());
      measured.forEach((name, value) -> event.with(name, number(value)));
      json(problem.isEmpty() ? event : event.with("problem", problem));
      return;
    }
    StringBuilder line = new StringBuilder(name(number, title));
    line.append(problem.isEmpty() ? ": ok" : ": FAILED");
    measured.forEach((name, value) -> line.append(' ').append(name).append('=').append(value));
    if (!problem.isEmpty()) {
      line.append(" (").append(problem).append(')');
    }
    redraw(List.of(line.toString()), shown);
  }

  synchronized void picture(StreamsPicture picture) {
    switch (mode) {
      case JSON ->
          json(
              JsonText.object()
                  .with("event", "picture")
                  .with("elapsed_ms", Math.round(picture.elapsedSeconds() * 1_000))
                  .with("step", picture.step())
                  .with("servers", picture.servers())
                  .with("sessions", picture.statesByName())
                  .with("sent", picture.durable().sent())
                  .with("answered", picture.durable().answered())
                  .with("duplicated", picture.durable().duplicated())
                  .with("reordered", picture.durable().reordered())
                  .with("stock_sent", picture.stock().sent())
                  .with("stock_answered", picture.stock().answered())
                  .with("stock_streams_broken", picture.stockCut()));
      case PLAIN -> {
        if (picture.elapsedSeconds() >= nextPlainSeconds) {
          nextPlainSeconds = picture.elapsedSeconds() + PLAIN_EVERY_SECONDS;
          redraw(picture.lines(), List.of());
        }
      }
      case TERMINAL -> {
        // Never wider or higher than the terminal: a line that wraps would break the count.
        Terminal.Size room = size.get();
        redraw(
            List.of(),
            picture.lines().stream()
                .limit(Math.max(1, room.rows() - 1))
                .map(line -> line.substring(0, Math.min(line.length(), room.columns() - 1)))
                .toList());
      }
    }
  }

  /** The end; nothing is shown after it. As JSON, the line goes to standard error. */
  synchronized void result(StreamsDemoResult result) {
    if (mode == Mode.JSON) {
      JsonText event = JsonText.object().with("event", "result");
      result.fields().forEach((name, value) -> event.with(name, number(value)));
      json(event);
      err.println(result.line());
      err.flush();
      return;
    }
    // The last picture stays where it is; the result is the last line.
    shown = List.of();
    out.println(result.line());
    out.flush();
  }

  private static Object number(String value) {
    return value.matches("-?[0-9]{1,18}") ? Long.valueOf(value) : value;
  }

  private static JsonText step(String event, int number, String title) {
    return JsonText.object().with("event", event).with("step", number).with("title", title);
  }

  private static String name(int number, String title) {
    return "step " + number + "/" + StreamsDemoResult.STEPS + " " + title;
  }

  private void json(JsonText event) {
    out.println(event);
    out.flush();
  }

  private void redraw(List<String> above, List<String> picture) {
    if (mode == Mode.TERMINAL) {
      if (!shown.isEmpty()) {
        out.print(ESCAPE + shown.size() + "A\r");
      }
      out.print(ESCAPE + "J");
    }
    above.forEach(out::println);
    picture.forEach(out::println);
    shown = picture;
    out.flush();
  }
}
