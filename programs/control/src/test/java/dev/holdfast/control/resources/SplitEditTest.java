package dev.holdfast.control.resources;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SplitEditTest {
  private static final String COMMENTED =
      """
      # Do not lose me.
      services:
        billing:            # nobody touches this
          timeout: 5s

        orders:
          subsets:
            v1: {version: "1"}
            v2: {version: "2"} # the new one
          # Since Monday.
          split:
            v1: 90%   # most
            v2: 10%   # some
          timeout: 30s
      # The end.
      """;

  @Test
  void onlyTheSharesChangeAndEveryCommentStays() {
    SplitEdit.EditedPolicy editedPolicy =
        edit(COMMENTED, "orders", Map.of("v2", new Percent(2_500)));

    assertThat(editedPolicy.text())
        .isEqualTo(COMMENTED.replace("v1: 90%", "v1: 75%").replace("v2: 10%", "v2: 25%"));
    assertThat(editedPolicy.before().shares().get("v2")).hasToString("10%");
    assertThat(editedPolicy.after().shares().get("v1")).hasToString("75%");
    assertThat(editedPolicy.addedSubsets()).isEmpty();
  }

  @Test
  void firstSplitOfAServiceThatThePolicyDoesNotKnowMakesAllItNeeds() {
    SplitEdit.EditedPolicy editedPolicy = edit("", "orders", Map.of("v2", new Percent(1_000)));

    assertThat(editedPolicy.text())
        .isEqualTo(
            """
            services:
              orders:
                subsets:
                  v2: {version: v2}
                split:
                  v2: 10%
            """);
    assertThat(editedPolicy.addedSubsets()).containsExactly("v2");
    assertThat(editedPolicy.after().rest()).hasToString("90%");
  }

  @Test
  void serviceIsAddedBehindTheOthers() {
    String text = "services:\n    a:\n        timeout: 1s # short\n# end\n";

    assertThat(edit(text, "b", Map.of("2", new Percent(50))).text())
        .isEqualTo(
            """
            services:
                a:
                    timeout: 1s # short
                b:
                  subsets:
                    "2": {version: "2"}
                  split:
                    "2": 0.5%
            # end
            """);
  }

  @Test
  void policyInBracesStaysInBraces() {
    String text = "services: {orders: {subsets: {v1: {version: '1'}}, timeout: 1s}} # one line\n";

    assertThat(edit(text, "orders", Map.of("v1", new Percent(9_000))).text())
        .isEqualTo(
            "services: {orders: {subsets: {v1: {version: '1'}}, timeout: 1s, split: {v1: 90%}}}"
                + " # one line\n");
    assertThat(edit("services: {}\n", "orders", Map.of("v1", new Percent(9_000))).text())
        .isEqualTo("services: {orders: {subsets: {v1: {version: v1}}, split: {v1: 90%}}}\n");
  }

  @Test
  void emptyKeysAreFilled() {
    String filled =
        """
        services:
          orders:
            subsets:
              v2: {version: v2}
            split:
              v2: 100%
        """;
    Map<String, Percent> all = Map.of("v2", Percent.ALL);

    assertThat(edit("services:\n  orders:\n", "orders", all).text()).isEqualTo(filled);
    assertThat(edit("services:", "orders", all).text()).isEqualTo(filled.strip());
  }

  @Test
  void windowsLinesAndSignsBeyondSixteenBitsStayWhereTheyAre() {
    String text = COMMENTED.replace("me.", "me \uD83D\uDE80.").replace("\n", "\r\n");

    assertThat(edit(text, "orders", Map.of("v3", new Percent(1_000))).text())
        .isEqualTo(
            text.replace("# the new one\r\n", "# the new one\r\n      v3: {version: v3}\r\n")
                .replace("v1: 90%", "v1: 81%")
                .replace("v2: 10%", "v2: 9%")
                .replace("# some\r\n", "# some\r\n      v3: 10%\r\n"));
  }

  @Test
  void whatHadNoRestHasNoneAfterwards() {
    assertThat(divided("v1=90 v2=10", "v2=5")).isEqualTo("{v1=95%, v2=5%}");
    assertThat(divided("v1=90 v2=10", "v2=0")).isEqualTo("{v1=100%, v2=0%}");
    assertThat(divided("v1=90 v2=10", "v2=100")).isEqualTo("{v1=0%, v2=100%}");
    assertThat(divided("v1=33.33 v2=33.33 v3=33.34", "v3=0")).isEqualTo("{v1=50%, v2=50%, v3=0%}");
    assertThat(divided("v1=0 v2=100", "v2=10")).isEqualTo("{v1=0%, v2=10%}");
  }

  @Test
  void otherSharesStayWhileThereIsRoom() {
    assertThat(divided("v1=20", "v2=10")).isEqualTo("{v1=20%, v2=10%}");
    assertThat(divided("v1=20", "v2=80")).isEqualTo("{v1=20%, v2=80%}");
    assertThat(divided("v1=20", "v2=90")).isEqualTo("{v1=10%, v2=90%}");
    assertThat(divided("", "v2=10")).isEqualTo("{v2=10%}");
  }

  @Test
  void sharesOfMoreThanEverythingAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> divided("v1=10", "v2=60 v3=50"))
        .withMessage("split: 110% in all (expected: at most 100%)");
  }

  @Test
  void clearingLetsCallsGoToAllAndKeepsTheSubsets() {
    SplitEdit.EditedPolicy editedPolicy = new SplitEdit("p", COMMENTED, "orders").cleared();

    assertThat(editedPolicy.after()).isEqualTo(TrafficSplit.NONE);
    Policy policy = PolicyYaml.parse("p", editedPolicy.text());
    assertThat(policy.of("orders").traffic().split().isNone()).isTrue();
    assertThat(policy.of("orders").traffic().subsets()).containsOnlyKeys("v1", "v2");
    assertThat(editedPolicy.text()).contains("# Do not lose me.", "# the new one", "# The end.");
    assertThat(new SplitEdit("p", "services: {}", "orders").cleared().text())
        .isEqualTo("services: {}");
  }

  @Test
  void textThatCannotBeEditedWithoutTouchingMoreIsLeftAlone() {
    String shared =
        """
        services:
          orders: &same
            subsets: {v2: {version: "2"}}
            split: {v2: 10%}
          billing: *same
        """;

    assertThatExceptionOfType(PolicyException.class)
        .isThrownBy(() -> edit(shared, "orders", Map.of("v2", new Percent(2_000))))
        .withMessageContaining("services.orders: spelt in a way that can't be edited")
        .withMessageContaining("set by hand split: {v2: 20%}");
  }

  @Test
  void policyWithAMistakeIsNotEdited() {
    assertThatExceptionOfType(PolicyException.class)
        .isThrownBy(() -> edit("services: {a: {tmeout: 1s}}", "orders", Map.of("v2", Percent.ALL)))
        .withMessage("p:1: services.a.tmeout: unknown (expected: timeout)");
  }

  private static SplitEdit.EditedPolicy edit(
      String text, String service, Map<String, Percent> shares) {
    return new SplitEdit("p", text, service).with(shares, "version");
  }

  private static String divided(String old, String given) {
    return SplitEdit.divided(new TrafficSplit(shares(old)), shares(given)).shares().toString();
  }

  private static Map<String, Percent> shares(String text) {
    Map<String, Percent> shares = new LinkedHashMap<>();
    for (String share : text.split(" ", -1)) {
      if (!share.isEmpty()) {
        String[] parts = share.split("=", -1);
        shares.put(parts[0], Percent.parse(parts[0], parts[1] + "%"));
      }
    }
    return shares;
  }
}
