package dev.holdfast.cli.demo.report;

import dev.holdfast.cli.output.JsonLine;
import java.io.PrintWriter;
import java.util.Map;

/**
 * A display that prints one JSON object per line, each with an {@code event}. Numbers are JSON
 * numbers.
 *
 * <p>The {@code RESULT} line goes to the second writer, so that the first receives only JSON.
 */
final class JsonDisplay implements DemoDisplay {
  private final PrintWriter out;
  private final PrintWriter err;

  JsonDisplay(PrintWriter out, PrintWriter err) {
    this.out = out;
    this.err = err;
  }

  @Override
  public void say(String line) {
    print(event("note").with("text", line));
  }

  @Override
  public void stepStarted(StepTitle step) {
    print(event("step_started", step));
  }

  @Override
  public void stepEnded(StepReport report) {
    JsonLine event = event("step_ended", report.step()).with("ok", report.reachedGoal());
    if (!report.reachedGoal()) {
      event.with("problem", report.problem());
    }
    print(withFields(event, report.measured()));
  }

  @Override
  public void snapshot(RunSnapshot picture) {
    print(picture.json());
  }

  @Override
  public void failure(double atSeconds, String step, String status) {
    print(event("failed_call").with("at_s", atSeconds).with("step", step).with("status", status));
  }

  @Override
  public void result(DemoOutcome result) {
    print(withFields(event("result"), result.fields()));
    err.println(result.line());
    err.flush();
  }

  private synchronized void print(JsonLine event) {
    out.println(event);
    out.flush();
  }

  private static JsonLine event(String name) {
    return JsonLine.object().with("event", name);
  }

  private static JsonLine event(String name, StepTitle step) {
    return event(name).with("step", step.number()).with("title", step.text());
  }

  private static JsonLine withFields(JsonLine event, Map<String, String> fields) {
    fields.forEach((name, value) -> event.with(name, number(value)));
    return event;
  }

  private static Object number(String value) {
    if (value.matches("-?[0-9]{1,18}")) {
      return Long.valueOf(value);
    }
    return value.matches("-?[0-9]{1,18}\\.[0-9]+") ? Double.valueOf(value) : value;
  }
}
