package dev.holdfast.gateway.frontend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CrossOriginRequestTest {
  @ParameterizedTest
  @CsvSource({
    "http://localhost:8080, http, localhost:8080",
    "http://Localhost:8080, http, localhost:8080",
    "http://gate.example, http, gate.example",
    "http://gate.example, http, gate.example:80",
    "https://gate.example, https, gate.example:443",
    "https://gate.example, https, gate.example",
    "http://[::1]:8080, http, [::1]:8080",
    // A proxy took TLS away.
    "https://gate.example, http, gate.example",
  })
  void aPageOfTheAddressItselfIsNone(String origin, String scheme, String authority) {
    assertThat(CrossOriginRequest.of(origin, scheme, authority)).isNull();
  }

  @ParameterizedTest
  @CsvSource({
    "http://localhost:8081, http, localhost:8080",
    "http://localhost, http, localhost:8080",
    "http://localhost:8080, http, localhost",
    "http://localhost:8080, http, 127.0.0.1:8080",
    "http://gate.example, http, gate.example:443",
    "https://gate.example, https, gate.example:80",
    "http://evil.example, http, gate.example",
    "http://gate.example.evil, http, gate.example",
    "http://a.gate.example, http, gate.example",
    // An attacker on the path can inject a page into unencrypted responses.
    "http://gate.example, https, gate.example",
    "capacitor://localhost, http, localhost",
    "null, http, gate.example",
    "null, http, null",
    "http://, http, ''",
    "gate.example, http, gate.example",
  })
  void anyOtherPageIsOne(String origin, String scheme, String authority) {
    CrossOriginRequest crossOriginRequest =
        Objects.requireNonNull(CrossOriginRequest.of(origin, scheme, authority), origin);
    assertThat(crossOriginRequest.refusal()).contains(origin, "cors.origins");
  }

  @Test
  void onlyWhatChangesNothingIsHarmless() {
    assertThat(CrossOriginRequest.isSafeMethod("GET")).isTrue();
    assertThat(CrossOriginRequest.isSafeMethod("HEAD")).isTrue();
    assertThat(CrossOriginRequest.isSafeMethod("OPTIONS")).isTrue();
    assertThat(CrossOriginRequest.isSafeMethod("POST")).isFalse();
    assertThat(CrossOriginRequest.isSafeMethod("DELETE")).isFalse();
    assertThat(CrossOriginRequest.isSafeMethod("get")).isFalse();
  }
}
