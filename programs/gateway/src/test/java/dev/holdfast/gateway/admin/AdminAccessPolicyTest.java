package dev.holdfast.gateway.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who may ask the admin page, from where. */
class AdminAccessPolicyTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GET | localhost:18002 | |",
        "GET | 127.0.0.1 | |",
        "GET | [::1]:18002 | sec-fetch-site | same-origin",
        "GET | LocalHost | origin | http://localhost",
        "POST | localhost | x-holdfast-admin | page",
      })
  void itsOwnPageMay(String method, String host, String header, String value) {
    assertThat(
            new AdminAccessPolicy(true)
                .refusal(method(method), headers(host, header, value), false))
        .isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // A name that an attacker's page has pointed here.
        "GET | evil.example:18002 | |",
        "GET | localhost.evil.example | |",
        "GET | 127.0.0.1.evil.example | |",
        "GET | 10.0.0.1 | |",
        "GET | '' | |",
        "GET | localhost | origin | http://evil.example",
        "GET | localhost | origin | https://localhost",
        "GET | localhost | sec-fetch-site | cross-site",
        "GET | localhost | sec-fetch-site | same-site",
        // A form of another page can't set the header, and a script would be asked first.
        "POST | localhost | content-type | text/plain",
        "POST | localhost | origin | null",
      })
  void pagesOfOthersMayNot(String method, String host, String header, String value) {
    HttpHeaders headers = headers(host, header, value);
    assertThat(new AdminAccessPolicy(true).refusal(method(method), headers, false))
        .contains("(expected: ");
    assertThat(new AdminAccessPolicy(true).refusal(method(method), headers, true))
        .contains("(expected: ");
  }

  @ParameterizedTest
  @CsvSource({"10.0.0.1:18002, false, true", "gw-1.prod, false, false", "gw-1.prod, true, true"})
  void beyondLoopbackMachinesComeByAnyName(String host, boolean machine, boolean may) {
    String refusal =
        new AdminAccessPolicy(false).refusal(HttpMethod.GET, headers(host, null, null), machine);
    assertThat(refusal == null).isEqualTo(may);
  }

  private static HttpMethod method(String name) {
    return HttpMethod.valueOf(name);
  }

  private static HttpHeaders headers(String host, @Nullable String name, @Nullable String value) {
    HttpHeaders headers = new DefaultHttpHeaders().set("host", host);
    return name == null || value == null ? headers : headers.set(name, value);
  }
}
