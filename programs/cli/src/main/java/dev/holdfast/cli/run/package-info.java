/** Programs in any language as instances of a service: start, health, registration, signals. */
@NullMarked
package dev.holdfast.cli.run;

import org.jspecify.annotations.NullMarked;
