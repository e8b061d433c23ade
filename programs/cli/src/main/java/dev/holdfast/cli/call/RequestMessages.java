package dev.holdfast.cli.call;

import dev.holdfast.cli.UserError;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.transcoding.http.JsonSplitter;
import dev.holdfast.transcoding.json.CodecBuffer;
import dev.holdfast.transcoding.json.CodecException;
import dev.holdfast.transcoding.json.MessageType;
import dev.holdfast.transcoding.status.RequestRefusedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The request messages of a call, converted from JSON. The JSON comes from the command line, a file
 * or standard input. For client streaming each line is one message and is read on demand; otherwise
 * the whole input is one message. Confined to one thread.
 */
final class RequestMessages implements AutoCloseable {
  @Limit(of = "bytes of JSON of one message that `call` sends", then = "the message is refused")
  private static final int MAX_JSON_BYTES = 4 << 20;

  private static final int CHUNK_BYTES = 8192;

  private final InputStream in;
  private final MessageType type;
  private final @Nullable JsonSplitter lines;
  private final Deque<byte[]> ready = new ArrayDeque<>();
  private int messages;
  private boolean ended;

  private RequestMessages(InputStream in, MessageType type, boolean streams) {
    this.in = in;
    this.type = type;
    this.lines = streams ? JsonSplitter.lines(MAX_JSON_BYTES) : null;
  }

  /**
   * Messages from where the option says.
   *
   * @param given JSON, {@code @FILE} or {@code -}; null: nothing was said, which is one empty
   *     message, or standard input where the client streams
   */
  static RequestMessages open(
      @Nullable String given, InputStream standardInput, MessageType type, boolean streams) {
    String data = given != null ? given : streams ? "-" : "{}";
    if (data.equals("-")) {
      return new RequestMessages(standardInput, type, streams);
    }
    if (!data.startsWith("@")) {
      byte[] json = data.getBytes(StandardCharsets.UTF_8);
      return new RequestMessages(new ByteArrayInputStream(json), type, streams);
    }
    try {
      return new RequestMessages(Files.newInputStream(Path.of(data.substring(1))), type, streams);
    } catch (IOException e) {
      throw UserError.usage(
          "d: " + data.substring(1) + ": " + IoErrorText.of(e) + " (expected: JSON, @FILE or -)");
    }
  }

  /**
   * The next message as protobuf, waited for; empty at the end.
   *
   * @throws UserError when it does not fit the type
   */
  Optional<byte[]> next() {
    try {
      while (ready.isEmpty() && !ended) {
        read();
      }
    } catch (IOException e) {
      throw UserError.failed("d: " + IoErrorText.of(e));
    } catch (RequestRefusedException e) {
      throw UserError.usage("d: " + e.getMessage());
    }
    byte[] json = ready.poll();
    if (json == null) {
      return Optional.empty();
    }
    messages++;
    return Optional.of(proto(json));
  }

  @Override
  public void close() {
    try {
      in.close();
    } catch (IOException e) {
      throw UserError.failed("d: " + IoErrorText.of(e));
    }
  }

  private void read() throws IOException {
    if (lines == null) {
      ended = true;
      byte[] all = in.readNBytes(MAX_JSON_BYTES + 1);
      if (all.length > MAX_JSON_BYTES) {
        throw UserError.usage("d: more than " + MAX_JSON_BYTES + " bytes (expected: fewer)");
      }
      ready.add(all);
      return;
    }
    byte[] chunk = new byte[CHUNK_BYTES];
    int count = in.read(chunk);
    if (count < 0) {
      ended = true;
      lines.end(this::keep);
    } else {
      lines.feed(chunk, 0, count, this::keep);
    }
  }

  private void keep(byte[] bytes, int offset, int length) {
    byte[] json = new byte[length];
    System.arraycopy(bytes, offset, json, 0, length);
    ready.add(json);
  }

  private byte[] proto(byte[] json) {
    CodecBuffer proto = new CodecBuffer();
    try {
      type.toProto(json, 0, json.length, proto);
    } catch (CodecException e) {
      String where = lines == null ? "d: " : "d: message " + messages + ": ";
      throw UserError.usage(where + e.getMessage());
    }
    return proto.toByteArray();
  }
}
