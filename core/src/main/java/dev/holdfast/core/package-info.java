/** Services, endpoints, the registry SPI, the failure policy of endpoint lists, and time. */
@NullMarked
package dev.holdfast.core;

import org.jspecify.annotations.NullMarked;
