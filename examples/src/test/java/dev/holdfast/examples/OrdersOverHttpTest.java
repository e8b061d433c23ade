package dev.holdfast.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import org.junit.jupiter.api.Test;

/** What the example's curl lines get. */
class OrdersOverHttpTest {
  private static final String ORDERS = "/holdfast.examples.v1.Orders/";

  @Test
  void theServiceOfAProcessIsReachedOverHttp() throws Exception {
    try (OrdersOverHttp orders = OrdersOverHttp.start(0, 0)) {
      String url = "http://127.0.0.1:" + orders.http().getPort();
      assertThat(post(url + ORDERS + "Get", "{\"id\": \"7\"}"))
          .startsWith("{\"id\":\"7\",\"item\":\"sample\",\"quantity\":1,")
          .contains("\"instance\":\"here\"");
      assertThat(post(url + ORDERS + "Follow", "{\"id\": \"7\", \"intervalMillis\": 1}").lines())
          .hasSize(4)
          .last()
          .asString()
          .contains("\"delivered\"");
      HttpRequest question = HttpRequest.newBuilder(URI.create(url + "/openapi.json")).build();
      assertThat(HttpClient.newHttpClient().send(question, BodyHandlers.ofString()).body())
          .contains("\"" + ORDERS + "Get\"");
    }
  }

  private static String post(String url, String json) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url))
            .header("content-type", "application/json")
            .POST(BodyPublishers.ofString(json))
            .build();
    return HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
  }
}
