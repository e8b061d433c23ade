package dev.holdfast.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class FindingCodeTest {
  @Test
  void everyCodeHasASectionInTheDocuments() throws IOException {
    String page = Files.readString(Path.of(System.getProperty("holdfast.root"), "docs/doctor.md"));
    assertThat(page.lines())
        .contains(
            Arrays.stream(FindingCode.values())
                .map(code -> "### " + code.code())
                .toArray(String[]::new));
  }

  @Test
  void noCodeIsUsedTwice() {
    assertThat(Arrays.stream(FindingCode.values()).map(FindingCode::code)).doesNotHaveDuplicates();
  }
}
