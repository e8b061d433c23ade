package dev.holdfast.registry.kubernetes.internal.credentials;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import dev.holdfast.core.LogEscaper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Base64;
import java.util.Optional;

/**
 * The credential that an exec plugin returned. {@link #toString()} shows no secret.
 *
 * @param token the bearer token, or ""
 * @param cert the client certificate in PEM, or ""
 * @param key the private key in PEM, or ""
 * @param expires when the plugin has to be run again, if the plugin said so
 */
record ExecCredential(String token, String cert, String key, Optional<Instant> expires) {
  private static final String KIND = "ExecCredential";

  /**
   * Reads the output of a plugin.
   *
   * @throws IOException saying what is wrong, without quoting the output
   */
  static ExecCredential parse(byte[] output, String apiVersion) throws IOException {
    String[] texts = {"", "", "", "", "", ""};
    try (JsonParser json = JsonFields.parser(output, 0, output.length)) {
      JsonFields.readWhole(
          json,
          field -> {
            switch (field) {
              case "apiVersion" -> texts[0] = JsonFields.text(json);
              case "kind" -> texts[1] = JsonFields.text(json);
              case "status" ->
                  JsonFields.readObject(
                      json,
                      inner -> {
                        switch (inner) {
                          case "token" -> texts[2] = JsonFields.text(json);
                          case "clientCertificateData" -> texts[3] = JsonFields.text(json);
                          case "clientKeyData" -> texts[4] = JsonFields.text(json);
                          case "expirationTimestamp" -> texts[5] = JsonFields.text(json);
                          default -> json.skipChildren();
                        }
                      });
              default -> json.skipChildren();
            }
          });
    } catch (IOException e) {
      // Its message may quote a token.
      throw new IOException("its output is no JSON (expected: an ExecCredential)");
    }
    if (!texts[1].equals(KIND) || !texts[0].equals(apiVersion)) {
      throw new IOException(
          "its output is \""
              + LogEscaper.escape(texts[0] + " " + texts[1])
              + "\" (expected: "
              + apiVersion
              + " ExecCredential)");
    }
    if (texts[2].isEmpty() && (texts[3].isEmpty() || texts[4].isEmpty())) {
      throw new IOException(
          "no credential in its output (expected: status.token, or status.clientCertificateData"
              + " with status.clientKeyData)");
    }
    return new ExecCredential(texts[2], texts[3], texts[4], expires(texts[5]));
  }

  /** The content of the environment variable KUBERNETES_EXEC_INFO of a plugin, as JSON. */
  static String info(String apiVersion, Optional<ExecPlugin.ExecCluster> execCluster)
      throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
      json.writeStartObject();
      json.writeStringField("kind", KIND);
      json.writeStringField("apiVersion", apiVersion);
      json.writeObjectFieldStart("spec");
      json.writeBooleanField("interactive", false);
      if (execCluster.isPresent()) {
        json.writeObjectFieldStart("cluster");
        json.writeStringField("server", execCluster.get().server().toString());
        Optional<InlineCredential> ca = execCluster.get().ca();
        if (ca.isPresent()) {
          json.writeStringField(
              "certificate-authority-data", Base64.getEncoder().encodeToString(ca.get().read()));
        }
        json.writeEndObject();
      }
      json.writeEndObject();
      json.writeEndObject();
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  private static Optional<Instant> expires(String text) throws IOException {
    try {
      return text.isEmpty()
          ? Optional.empty()
          : Optional.of(OffsetDateTime.parse(text).toInstant());
    } catch (DateTimeException e) {
      throw new IOException(
          "status.expirationTimestamp: \"" + LogEscaper.escape(text) + "\" (expected: RFC 3339)",
          e);
    }
  }

  @Override
  public String toString() {
    return "a credential, expires " + expires;
  }
}
