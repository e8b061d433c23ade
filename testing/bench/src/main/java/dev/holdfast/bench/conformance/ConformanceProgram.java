package dev.holdfast.bench.conformance;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.conformance.Conformance.ConformanceRequest;
import com.google.protobuf.conformance.Conformance.ConformanceRequest.PayloadCase;
import com.google.protobuf.conformance.Conformance.ConformanceResponse;
import com.google.protobuf.conformance.Conformance.FailureSet;
import com.google.protobuf.conformance.Conformance.TestCategory;
import com.google.protobuf.conformance.Conformance.WireFormat;
import dev.holdfast.transcoding.json.CodecBuffer;
import dev.holdfast.transcoding.json.CodecException;
import dev.holdfast.transcoding.json.JsonCodec;
import dev.holdfast.transcoding.json.SchemaTypes;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Set;

/**
 * The program under protobuf's conformance tests. Requests on standard input and responses on
 * standard output are prefixed with their length. The codec under test handles JSON; protobuf-java
 * handles binary to binary, with unknown fields put back in their order. Text format and JSPB are
 * skipped. Other skipped tests are counted in a file of their own.
 */
final class ConformanceProgram {
  /** The suffix of the files with the number of skipped tests, one file per program. */
  static final String COUNT_SUFFIX = ".skipped";

  private static final int MAX_REQUEST_BYTES = 64 << 20;

  private final ConformanceSchemas schemas;
  private final JsonCodec strict;
  private final JsonCodec lenient;
  private final CodecBuffer buffer = new CodecBuffer();
  private int skippedJson;

  private ConformanceProgram(ConformanceSchemas schemas) {
    this.schemas = schemas;
    this.strict = JsonCodec.of(SchemaTypes.of(schemas.files()));
    this.lenient = strict.with(strict.options().withIgnoreUnknown(true));
  }

  /** Answers until standard input ends; the argument names the folder of the counts. */
  public static void main(String[] args) throws IOException {
    ConformanceProgram program = new ConformanceProgram(new ConformanceSchemas());
    DataInputStream in = new DataInputStream(new BufferedInputStream(System.in));
    OutputStream out = System.out;
    while (true) {
      int length;
      try {
        length = Integer.reverseBytes(in.readInt());
      } catch (EOFException e) {
        break;
      }
      if (length < 0 || length > MAX_REQUEST_BYTES) {
        throw new IOException("length: " + length + " (expected: 0 to " + MAX_REQUEST_BYTES + ")");
      }
      byte[] answer = program.answer(in.readNBytes(length)).toByteArray();
      byte[] framed = new byte[4 + answer.length];
      for (int i = 0; i < 4; i++) {
        framed[i] = (byte) (answer.length >>> (8 * i));
      }
      System.arraycopy(answer, 0, framed, 4, answer.length);
      out.write(framed);
      out.flush();
    }
    // Whole or not at all: the runner doesn't wait for its programs, so the bench may look
    // meanwhile.
    Path folder = Path.of(args[0]);
    Path written = Files.createTempFile(folder, "", ".writing");
    Files.writeString(written, Integer.toString(program.skippedJson));
    Path whole = folder.resolve(ProcessHandle.current().pid() + COUNT_SUFFIX);
    Files.move(written, whole, StandardCopyOption.ATOMIC_MOVE);
  }

  private ConformanceResponse answer(byte[] bytes) {
    ConformanceResponse.Builder answer = ConformanceResponse.newBuilder();
    ConformanceRequest request;
    try {
      request = ConformanceRequest.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      return answer.setRuntimeError("request: " + e.getMessage()).build();
    }
    if (request.getMessageType().equals("conformance.FailureSet")) {
      return answer.setProtobufPayload(FailureSet.getDefaultInstance().toByteString()).build();
    }
    if (isForeign(request)) {
      return answer.setSkipped("text format and JSPB are not ours").build();
    }
    Descriptor type = schemas.message(request.getMessageType()).orElse(null);
    if (type == null) {
      skippedJson++;
      return answer.setSkipped("no type " + request.getMessageType()).build();
    }
    translate(request, type, answer);
    return answer.build();
  }

  private static boolean isForeign(ConformanceRequest request) {
    return request.getPayloadCase() == PayloadCase.JSPB_PAYLOAD
        || request.getPayloadCase() == PayloadCase.TEXT_PAYLOAD
        || request.getRequestedOutputFormat() == WireFormat.JSPB
        || request.getRequestedOutputFormat() == WireFormat.TEXT_FORMAT;
  }

  private void translate(
      ConformanceRequest request, Descriptor type, ConformanceResponse.Builder answer) {
    byte[] proto;
    try {
      proto = proto(request, type);
    } catch (CodecException | InvalidProtocolBufferException e) {
      answer.setParseError(e.getMessage());
      return;
    }
    try {
      if (request.getRequestedOutputFormat() == WireFormat.JSON) {
        strict.type(type).toJson(proto, 0, proto.length, buffer.reset());
        answer.setJsonPayload(new String(buffer.array(), 0, buffer.size(), StandardCharsets.UTF_8));
      } else {
        answer.setProtobufPayload(
            request.getPayloadCase() == PayloadCase.JSON_PAYLOAD
                ? ByteString.copyFrom(proto)
                : unknownsAsGiven(parsed(type, proto), proto));
      }
    } catch (CodecException | IOException e) {
      answer.setSerializeError(e.getMessage());
    }
  }

  /** A message with its unknown fields in the order of the input; protobuf-java sorts them. */
  private ByteString unknownsAsGiven(DynamicMessage message, byte[] proto) throws IOException {
    Descriptor type = message.getDescriptorForType();
    Set<Integer> unknown = message.getUnknownFields().asMap().keySet();
    if (unknown.stream().anyMatch(number -> type.findFieldByNumber(number) != null)) {
      // Unknown values of closed enums are there, too.
      return message.toByteString();
    }
    ByteString.Output all = ByteString.newOutput();
    message.toBuilder().setUnknownFields(UnknownFieldSet.getDefaultInstance()).build().writeTo(all);
    CodedInputStream in = CodedInputStream.newInstance(proto);
    int begin = 0;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      in.skipField(tag);
      int end = in.getTotalBytesRead();
      if (unknown.contains(tag >>> 3)) {
        all.write(proto, begin, end - begin);
      }
      begin = end;
    }
    return all.toByteString();
  }

  private byte[] proto(ConformanceRequest request, Descriptor type)
      throws CodecException, InvalidProtocolBufferException {
    if (request.getPayloadCase() == PayloadCase.JSON_PAYLOAD) {
      boolean ignore = request.getTestCategory() == TestCategory.JSON_IGNORE_UNKNOWN_PARSING_TEST;
      byte[] json = request.getJsonPayload().getBytes(StandardCharsets.UTF_8);
      (ignore ? lenient : strict).type(type).toProto(json, 0, json.length, buffer.reset());
      return buffer.toByteArray();
    }
    byte[] proto = request.getProtobufPayload().toByteArray();
    // The tests tell input that is no message from output that can't be JSON.
    var unused = parsed(type, proto);
    return proto;
  }

  private DynamicMessage parsed(Descriptor type, byte[] proto)
      throws InvalidProtocolBufferException {
    return DynamicMessage.parseFrom(type, proto, schemas.extensions());
  }
}
