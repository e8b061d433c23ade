package dev.holdfast.bench.conformance;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.TextFormat;
import com.google.protobuf.TypeRegistry;
import com.google.protobuf.util.JsonFormat;
import dev.holdfast.bench.v1.Detail;
import dev.holdfast.bench.v1.Echoed;
import dev.holdfast.bench.v1.Sample;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A request of the table {@code showcase.txt} with its expected result.
 *
 * @param kind the kind of request that the case is an example of
 * @param words the values of {@code json.compatible} that the case applies to
 * @param request HTTP method and target
 * @param body body of the request; empty for none
 * @param status expected HTTP status
 * @param method the service method that must have been called, with {@code *n} for the number of
 *     request messages and {@code +n} for the number of response messages; empty where the response
 *     is no echo
 * @param expected the request message that the method must have received, in protobuf's text
 *     format; a part of the response where that is no echo
 */
record ShowcaseCase(
    String kind,
    List<String> words,
    String request,
    String body,
    int status,
    String method,
    String expected) {
  private static final String TABLE = "showcase.txt";
  private static final int COLUMNS = 7;
  private static final String ALL = "all";
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final int SHOWN_CHARS = 300;

  private static final TextFormat.Parser TEXT =
      TextFormat.Parser.newBuilder()
          .setTypeRegistry(TypeRegistry.newBuilder().add(Detail.getDescriptor()).build())
          .build();
  private static final JsonFormat.Parser JSON =
      JsonFormat.parser()
          .usingTypeRegistry(
              JsonFormat.TypeRegistry.newBuilder().add(Detail.getDescriptor()).build());

  /** The cases of the table, in its order. */
  static List<ShowcaseCase> all() throws IOException {
    List<ShowcaseCase> cases = new ArrayList<>();
    try (InputStream in = ShowcaseCase.class.getResourceAsStream(TABLE)) {
      if (in == null) {
        throw new IOException(TABLE + ": not there (expected: a resource)");
      }
      BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.isBlank() && !line.startsWith("#")) {
          cases.add(of(line));
        }
      }
    }
    return cases;
  }

  private static ShowcaseCase of(String line) throws IOException {
    String[] columns = line.split(" \\|", -1);
    if (columns.length != COLUMNS) {
      throw new IOException(TABLE + ": " + line + " (expected: " + COLUMNS + " columns)");
    }
    for (int i = 0; i < COLUMNS; i++) {
      columns[i] = columns[i].strip();
    }
    return new ShowcaseCase(
        columns[0],
        List.of(columns[1].split(",", -1)),
        columns[2],
        columns[3],
        Integer.parseInt(columns[4]),
        columns[5],
        columns[6]);
  }

  boolean holdsFor(String word) {
    return words.contains(ALL) || words.contains(word);
  }

  HttpRequest on(int port) {
    int blank = request.indexOf(' ');
    String target = request.substring(blank + 1);
    BodyPublisher sent = body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body);
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + target))
        .method(request.substring(0, blank), sent)
        .header("content-type", "application/json")
        .timeout(PATIENCE)
        .build();
  }

  /** The difference between a response and the expected result; empty when there is none. */
  String problem(HttpResponse<String> answer) {
    if (answer.statusCode() != status) {
      return "status %d (expected: %d): %s".formatted(answer.statusCode(), status, shown(answer));
    }
    if (method.isEmpty()) {
      return answer.body().contains(expected)
          ? ""
          : shown(answer) + " (expected: with " + expected + ")";
    }
    try {
      return echoProblem(answer.body().lines().filter(line -> !line.isBlank()).toList());
    } catch (InvalidProtocolBufferException | TextFormat.ParseException e) {
      return shown(answer) + ": " + e.getMessage();
    }
  }

  private String echoProblem(List<String> lines)
      throws InvalidProtocolBufferException, TextFormat.ParseException {
    Echoed.Builder echoed = Echoed.newBuilder();
    JSON.merge(lines.isEmpty() ? "" : lines.get(lines.size() - 1), echoed);
    Sample.Builder sample = Sample.newBuilder();
    TEXT.merge(expected, sample);
    String name = method.replaceFirst("[*+][0-9]+$", "");
    int messages = method.contains("*") ? number('*') : 1;
    int answers = method.contains("+") ? number('+') : 1;
    Echoed wanted =
        Echoed.newBuilder().setMethod(name).setSample(sample).setMessages(messages).build();
    if (lines.size() != answers) {
      return lines.size() + " messages (expected: " + answers + ")";
    }
    return echoed.build().equals(wanted)
        ? ""
        : text(echoed.build()) + " (expected: " + text(wanted) + ")";
  }

  private int number(char sign) {
    return Integer.parseInt(method.substring(method.indexOf(sign) + 1));
  }

  private static String text(Echoed echoed) {
    return TextFormat.printer().emittingSingleLine(true).printToString(echoed);
  }

  private static String shown(HttpResponse<String> answer) {
    String body = answer.body();
    return body.substring(0, Math.min(SHOWN_CHARS, body.length()));
  }
}
