package dev.holdfast.gateway.json;

import dev.holdfast.transcoding.http.RequestRefusedException;
import dev.holdfast.transcoding.http.StatusCode;
import dev.holdfast.transcoding.http.connect.ConnectErrors;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The answer to a request that becomes no call, in the form of the protocol that it speaks. */
final class Refusal {
  private static final String STREAM = "application/connect+";
  private static final Set<String> STREAMS = Set.of(STREAM + "json", STREAM + "proto");

  /** What HTTP itself has a word for; all else has the status of its code, as Connect says. */
  private static final Set<Integer> OF_HTTP = Set.of(404, 405, 415);

  private Refusal() {}

  /** Whether the headers are those of a POST of Connect, sound or not. */
  static boolean isConnect(Http2Headers headers) {
    String type = type(headers);
    return type.startsWith(STREAM)
        || type.equals("application/proto")
        || (type.equals("application/json") && headers.contains("connect-protocol-version"));
  }

  /** What Connect's client gets: an error as body, or as the end of its stream. */
  static Answer ofConnect(Http2Headers headers, RequestRefusedException why) {
    String type = type(headers);
    if (STREAMS.contains(type)) {
      byte[] error = ConnectErrors.json(code(why), why.getMessage(), null);
      return new Answer(Answer.head(200, type), ConnectErrors.endStream(error, List.of()));
    }
    return ofUnary(why);
  }

  /** The same of a call of one message each way. */
  static Answer ofUnary(RequestRefusedException why) {
    int status = OF_HTTP.contains(why.httpStatus()) ? why.httpStatus() : code(why).httpStatus();
    Answer answer = Answer.json(status, ConnectErrors.json(code(why), why.getMessage(), null));
    return answer.allowing(why.allow());
  }

  /** A method that is not there is none of the application's things that are not found. */
  private static StatusCode code(RequestRefusedException why) {
    return why.isNoSuchPath() ? StatusCode.UNIMPLEMENTED : why.code();
  }

  private static String type(Http2Headers headers) {
    CharSequence value = headers.get("content-type");
    String text = value == null ? "" : value.toString();
    int semicolon = text.indexOf(';');
    return (semicolon < 0 ? text : text.substring(0, semicolon)).strip().toLowerCase(Locale.ROOT);
  }
}
