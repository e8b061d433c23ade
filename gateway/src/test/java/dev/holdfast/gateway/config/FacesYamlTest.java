package dev.holdfast.gateway.config;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.holdfast.core.ServiceTarget;
import dev.holdfast.yaml.YamlException;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FacesYamlTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "cors: {} | cors.origins: nothing (expected: a list of origins such as https://sho",
        "cors: {origin: [a]} | cors.origin: unknown (expected: origins)",
        "cors: {origins: ['https://a.b/']} | cors.origins[0]: https://a.b/ (expected: scheme://",
        "cors: {origins: ['https://a:443']} | cors.origins[0]: https://a:443 (expected: scheme",
        "cors: {origins: ['*'], credentials: true} | cors.credentials: true beside origin * (exp",
        "cors: {origins: [], methods: [get]} | cors.methods[0]: get (expected: a method in capit",
        "cors: {origins: ['*'], expose: ['a b']} | cors.expose[0]: a b (expected: a header's name",
        "faces: {jsn: true} | faces.jsn: unknown (expected: json)",
        "faces: {json: yes} | faces.json: yes (expected: true or false",
        "json: {print-default: true} | json.print-default: unknown (expected: print-defaults)",
      })
  void aMistakeIsToldWithWhatWasExpected(String text, String problem) {
    assertThatExceptionOfType(YamlException.class)
        .isThrownBy(() -> GatewayYaml.parse("g.yaml", text, ServiceTarget::parse, Optional.empty()))
        .withMessageContaining(problem);
  }
}
