package dev.holdfast.registry.kubernetes;

import com.fasterxml.jackson.core.JsonParser;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.registry.kubernetes.internal.credentials.JsonFields;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The parser of API server responses: pages of lists, watch events, Status objects. */
final class ApiJson {
  @Limit(of = "slices in one page of a list", then = "the list is refused as malformed")
  static final int MAX_PAGE_SLICES = 20_000;

  private ApiJson() {}

  /**
   * An error as the API says it.
   *
   * @param code as in HTTP; 0 when it is not said
   * @param reason one word, or ""
   * @param message for people, or ""
   * @param versionAhead whether the version that was asked for is not known to the server yet
   * @param retryAfterSeconds 0 when nothing is said
   */
  record Status(
      int code, String reason, String message, boolean versionAhead, int retryAfterSeconds) {}

  /** Parses an EndpointSliceList, one page of a list. */
  static SlicePage page(byte[] text) throws IOException {
    List<Slice> slices = new ArrayList<>();
    String[] meta = {"", ""};
    int[] malformed = {0};
    try (JsonParser json = JsonFields.parser(text, 0, text.length)) {
      JsonFields.readWhole(
          json,
          field -> {
            switch (field) {
              case "metadata" ->
                  JsonFields.readObject(
                      json,
                      inner -> {
                        switch (inner) {
                          case "resourceVersion" -> meta[0] = JsonFields.text(json);
                          case "continue" -> meta[1] = JsonFields.text(json);
                          default -> json.skipChildren();
                        }
                      });
              case "items" ->
                  JsonFields.readArray(
                      json,
                      () -> {
                        if (slices.size() >= MAX_PAGE_SLICES) {
                          throw new IOException("more than " + MAX_PAGE_SLICES + " slices");
                        }
                        SliceJson slice = new SliceJson(json);
                        slices.add(slice.read());
                        malformed[0] += slice.malformed();
                      });
              default -> json.skipChildren();
            }
          });
    }
    if (meta[0].isEmpty()) {
      throw new IOException("a list without metadata.resourceVersion");
    }
    return new SlicePage(List.copyOf(slices), meta[0], meta[1], malformed[0]);
  }

  /** Reads one line of a watch. */
  static SliceEvent event(byte[] text, int offset, int length) throws IOException {
    // "type" may stand behind "object", whose meaning depends on it.
    String type = type(text, offset, length);
    SliceEvent[] event = new SliceEvent[1];
    try (JsonParser json = JsonFields.parser(text, offset, length)) {
      JsonFields.readWhole(
          json,
          field -> {
            if (!field.equals("object")) {
              json.skipChildren();
              return;
            }
            event[0] =
                switch (type) {
                  case "ADDED", "MODIFIED", "DELETED" -> change(json, type);
                  case "BOOKMARK" -> new SliceEvent.BookmarkEvent(bookmark(json));
                  case "ERROR" -> new SliceEvent.ErrorEvent(ApiErrors.of(status(json)));
                  default -> throw new IOException("type: \"" + type + "\" is not known");
                };
          });
    }
    if (event[0] == null) {
      throw new IOException("a watch event without an object");
    }
    return event[0];
  }

  /** Reads a Status; fields that are missing stay empty. */
  static Status status(byte[] text) throws IOException {
    try (JsonParser json = JsonFields.parser(text, 0, text.length)) {
      json.nextToken();
      return status(json);
    }
  }

  private static String type(byte[] text, int offset, int length) throws IOException {
    String[] type = {""};
    try (JsonParser json = JsonFields.parser(text, offset, length)) {
      json.nextToken();
      while (type[0].isEmpty() && json.nextToken() != null) {
        if ("type".equals(json.currentName())) {
          json.nextToken();
          type[0] = JsonFields.text(json);
        } else {
          json.nextToken();
          json.skipChildren();
        }
      }
    }
    return type[0];
  }

  private static SliceEvent change(JsonParser json, String type) throws IOException {
    SliceJson reader = new SliceJson(json);
    Slice slice = reader.read();
    return type.equals("DELETED") || slice.service().isEmpty()
        ? new SliceEvent.DeletedEvent(slice.name(), slice.version())
        : new SliceEvent.PutEvent(slice, reader.malformed());
  }

  private static String bookmark(JsonParser json) throws IOException {
    String[] version = {""};
    JsonFields.readObject(
        json,
        field -> {
          if (field.equals("metadata")) {
            JsonFields.readObject(
                json,
                inner -> {
                  if (inner.equals("resourceVersion")) {
                    version[0] = JsonFields.text(json);
                  } else {
                    json.skipChildren();
                  }
                });
          } else {
            json.skipChildren();
          }
        });
    if (version[0].isEmpty()) {
      throw new IOException("a bookmark without metadata.resourceVersion");
    }
    return version[0];
  }

  private static Status status(JsonParser json) throws IOException {
    String[] texts = {"", ""};
    int[] numbers = {0, 0};
    boolean[] ahead = {false};
    JsonFields.readObject(
        json,
        field -> {
          switch (field) {
            case "code" -> numbers[0] = JsonFields.number(json, 0);
            case "reason" -> texts[0] = JsonFields.text(json);
            case "message" -> texts[1] = JsonFields.text(json);
            case "details" ->
                JsonFields.readObject(
                    json,
                    detail -> {
                      switch (detail) {
                        case "retryAfterSeconds" -> numbers[1] = JsonFields.number(json, 0);
                        case "causes" ->
                            JsonFields.readArray(json, () -> ahead[0] |= isAhead(json));
                        default -> json.skipChildren();
                      }
                    });
            default -> json.skipChildren();
          }
        });
    return new Status(numbers[0], texts[0], texts[1], ahead[0], numbers[1]);
  }

  private static boolean isAhead(JsonParser json) throws IOException {
    boolean[] ahead = {false};
    JsonFields.readObject(
        json,
        field -> {
          if (field.equals("reason")) {
            ahead[0] = JsonFields.text(json).equals("ResourceVersionTooLarge");
          } else {
            json.skipChildren();
          }
        });
    return ahead[0];
  }
}
