package dev.holdfast.registry.kubernetes;

import com.fasterxml.jackson.core.JsonParser;
import dev.holdfast.core.HostPort;
import dev.holdfast.registry.kubernetes.Slice.Backend;
import dev.holdfast.registry.kubernetes.Slice.EndpointPort;
import dev.holdfast.registry.kubernetes.Slice.Family;
import dev.holdfast.registry.kubernetes.internal.credentials.JsonFields;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A parser of an EndpointSlice of {@code discovery.k8s.io/v1}. An instance parses one slice. */
final class SliceJson {
  private static final String SERVICE_NAME = "kubernetes.io/service-name";
  private static final String TCP = "TCP";
  private static final String POD = "Pod";

  private final JsonParser json;
  private final List<EndpointPort> endpointPorts = new ArrayList<>();
  private final List<Backend> backends = new ArrayList<>();
  private String name = "";
  private String service = "";
  private String version = "";
  private Family family = Family.OTHER;
  private int malformed;

  SliceJson(JsonParser json) {
    this.json = json;
  }

  /** Reads the object on which the parser stands. */
  Slice read() throws IOException {
    JsonFields.readObject(
        json,
        field -> {
          switch (field) {
            case "metadata" -> readMetadata();
            case "addressType" -> family = family(JsonFields.text(json));
            case "ports" -> JsonFields.readArray(json, this::readPort);
            case "endpoints" -> JsonFields.readArray(json, this::readBackend);
            default -> json.skipChildren();
          }
        });
    if (name.isEmpty() || version.isEmpty()) {
      throw new IOException("EndpointSlice without metadata.name or metadata.resourceVersion");
    }
    return new Slice(name, service, version, family, endpointPorts, backends);
  }

  /** Endpoints that were left out. */
  int malformed() {
    return malformed;
  }

  private void readMetadata() throws IOException {
    JsonFields.readObject(
        json,
        field -> {
          switch (field) {
            case "name" -> name = JsonFields.text(json);
            case "resourceVersion" -> version = JsonFields.text(json);
            case "labels" ->
                JsonFields.readObject(
                    json,
                    label -> {
                      if (label.equals(SERVICE_NAME)) {
                        service = JsonFields.text(json);
                      } else {
                        json.skipChildren();
                      }
                    });
            default -> json.skipChildren();
          }
        });
  }

  private static Family family(String addressType) {
    return switch (addressType.toUpperCase(Locale.ROOT)) {
      case "IPV4" -> Family.IPV4;
      case "IPV6" -> Family.IPV6;
      default -> Family.OTHER;
    };
  }

  private void readPort() throws IOException {
    String[] texts = {"", "", ""};
    int[] number = {0};
    JsonFields.readObject(
        json,
        field -> {
          switch (field) {
            case "name" -> texts[0] = JsonFields.text(json);
            case "port" -> number[0] = JsonFields.number(json, 0);
            case "protocol" -> texts[1] = JsonFields.text(json);
            case "appProtocol" -> texts[2] = JsonFields.text(json);
            default -> json.skipChildren();
          }
        });
    boolean tcp = texts[1].isEmpty() || texts[1].equals(TCP);
    if (tcp && number[0] >= 0 && number[0] <= 65535) {
      endpointPorts.add(new EndpointPort(texts[0], number[0], texts[2]));
    }
  }

  private void readBackend() throws IOException {
    BackendFields fields = new BackendFields();
    JsonFields.readObject(json, fields::read);
    Backend backend = fields.toBackend();
    if (backend == null) {
      malformed++;
    } else {
      backends.add(backend);
    }
  }

  /** The fields of one endpoint, as they come. */
  private final class BackendFields {
    private String address = "";
    private @Nullable Boolean ready;
    private @Nullable Boolean serving;
    private boolean terminating;
    private String pod = "";
    private String node = "";
    private String zone = "";
    private final List<String> hints = new ArrayList<>();

    void read(String field) throws IOException {
      switch (field) {
        case "addresses" -> readAddresses();
        case "conditions" -> JsonFields.readObject(json, this::readCondition);
        case "targetRef" -> readTarget();
        case "nodeName" -> node = JsonFields.text(json);
        case "zone" -> zone = JsonFields.text(json);
        case "hints" -> JsonFields.readObject(json, this::readHints);
        default -> json.skipChildren();
      }
    }

    @Nullable Backend toBackend() {
      if (!isAddress(address)) {
        return null;
      }
      boolean isReady = ready == null || ready;
      boolean isServing = serving == null ? isReady : serving;
      return new Backend(address, isReady, isServing, terminating, pod, node, zone, hints);
    }

    private void readAddresses() throws IOException {
      JsonFields.readArray(
          json,
          () -> {
            String text = JsonFields.text(json);
            address = address.isEmpty() ? text : address;
          });
    }

    private void readCondition(String condition) throws IOException {
      switch (condition) {
        case "ready" -> ready = JsonFields.booleanValue(json, true);
        case "serving" -> serving = JsonFields.booleanValue(json, ready == null || ready);
        case "terminating" -> terminating = JsonFields.booleanValue(json, false);
        default -> json.skipChildren();
      }
    }

    private void readTarget() throws IOException {
      String[] kindAndName = {"", ""};
      JsonFields.readObject(
          json,
          field -> {
            switch (field) {
              case "kind" -> kindAndName[0] = JsonFields.text(json);
              case "name" -> kindAndName[1] = JsonFields.text(json);
              default -> json.skipChildren();
            }
          });
      pod = kindAndName[0].equals(POD) ? kindAndName[1] : "";
    }

    private void readHints(String field) throws IOException {
      if (!field.equals("forZones")) {
        json.skipChildren();
        return;
      }
      JsonFields.readArray(
          json,
          () ->
              JsonFields.readObject(
                  json,
                  inner -> {
                    if (inner.equals("name")) {
                      hints.add(JsonFields.text(json));
                    } else {
                      json.skipChildren();
                    }
                  }));
    }

    private static boolean isAddress(String text) {
      try {
        return !new HostPort(text, 1).host().isEmpty();
      } catch (IllegalArgumentException e) {
        return false;
      }
    }
  }
}
