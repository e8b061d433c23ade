package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The end of a help text. */
class FooterTextTest {
  @Test
  void sentencesFlowAndExamplesStay() {
    String text =
        FooterText.text(
            List.of(
                "",
                "A sentence that is longer than a help text is wide, wrapped in the sources at its",
                "end. Short lines end.",
                "Another.",
                "",
                "  holdfast gateway --listen 0.0.0.0:8443 --tls-cert tls.crt --tls-key tls.key"),
            40);

    assertThat(text)
        .isEqualTo(
            """

            A sentence that is longer than a help
            text is wide, wrapped in the sources at
            its end. Short lines end.
            Another.

              holdfast gateway --listen 0.0.0.0:8443 --tls-cert tls.crt --tls-key tls.key
            """);
  }

  @Test
  void noHelpTextHasALineOfOneWordInASentence() {
    CommandRun run = CommandRun.of("gateway", "--help");

    assertThat(run.out())
        .contains("Health goes by authority only")
        .doesNotContain("the only one\nthere\n")
        .doesNotContain("\n--config g.yaml");
  }
}
