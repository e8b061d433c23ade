package dev.holdfast.cli.demo;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Map;

/**
 * One JSON object per line, each with an {@code event}. Numbers are numbers.
 *
 * <p>The line that ends every run goes to the second writer, so that all of the first is JSON.
 */
final class JsonDisplay implements DemoDisplay {
  private static final JsonFactory JSON = new JsonFactory();

  private final PrintWriter out;
  private final PrintWriter err;

  JsonDisplay(PrintWriter out, PrintWriter err) {
    this.out = out;
    this.err = err;
  }

  @Override
  public void say(String line) {
    event("note", json -> json.writeStringField("text", line));
  }

  @Override
  public void stepStarted(int number, String title) {
    event(
        "step_started",
        json -> {
          json.writeNumberField("step", number);
          json.writeStringField("title", title);
        });
  }

  @Override
  public void stepEnded(StepReport report) {
    event(
        "step_ended",
        json -> {
          json.writeNumberField("step", report.number());
          json.writeStringField("title", report.title());
          json.writeBooleanField("ok", report.reachedGoal());
          if (!report.reachedGoal()) {
            json.writeStringField("problem", report.problem());
          }
          writeFields(json, report.measured());
        });
  }

  @Override
  public void table(DemoSnapshot snapshot) {
    event(
        "table",
        json -> {
          json.writeNumberField("elapsed_s", rounded(snapshot.elapsedSeconds()));
          json.writeStringField("step", snapshot.step());
          json.writeArrayFieldStart("instances");
          for (DemoSnapshot.Row row : snapshot.instances()) {
            writeRow(json, row);
          }
          json.writeEndArray();
          writeTotals(json, "holdfast", snapshot.holdfast());
          writeTotals(json, "stock", snapshot.stock());
        });
  }

  @Override
  public void failure(double atSeconds, String step, String status) {
    event(
        "failed_call",
        json -> {
          json.writeNumberField("at_s", rounded(atSeconds));
          json.writeStringField("step", step);
          json.writeStringField("status", status);
        });
  }

  @Override
  public void result(DemoResult result) {
    event("result", json -> writeFields(json, result.fields()));
    err.println(result.line());
    err.flush();
  }

  private interface Body {
    void write(JsonGenerator json) throws IOException;
  }

  private void event(String name, Body body) {
    StringWriter line = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(line)) {
      json.writeStartObject();
      json.writeStringField("event", name);
      body.write(json);
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("a StringWriter does not fail", e);
    }
    synchronized (this) {
      out.println(line);
      out.flush();
    }
  }

  private static void writeRow(JsonGenerator json, DemoSnapshot.Row row) throws IOException {
    json.writeStartObject();
    json.writeStringField("instance", row.name());
    json.writeStringField("address", row.address());
    json.writeStringField("state", row.state());
    json.writeNumberField("calls_per_s", rounded(row.callsPerSecond()));
    json.writeNumberField("share_percent", rounded(row.sharePercent()));
    json.writeNumberField("p50_ms", rounded(row.p50Millis()));
    json.writeNumberField("p99_ms", rounded(row.p99Millis()));
    json.writeEndObject();
  }

  private static void writeTotals(JsonGenerator json, String name, CallLedger.Totals totals)
      throws IOException {
    json.writeObjectFieldStart(name);
    json.writeNumberField("calls", totals.calls());
    json.writeNumberField("failed", totals.failed());
    json.writeNumberField("retried", totals.retried());
    json.writeNumberField("p99_ms", rounded(totals.p99Millis()));
    json.writeEndObject();
  }

  private static void writeFields(JsonGenerator json, Map<String, String> fields)
      throws IOException {
    for (Map.Entry<String, String> field : fields.entrySet()) {
      json.writeFieldName(field.getKey());
      if (field.getValue().matches("-?[0-9]+(\\.[0-9]+)?")) {
        json.writeRawValue(field.getValue());
      } else {
        json.writeString(field.getValue());
      }
    }
  }

  private static double rounded(double value) {
    return Math.round(value * 1_000) / 1_000.0;
  }
}
