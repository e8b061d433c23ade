/** Types that several packages of this room share and no other room uses. */
@NullMarked
package dev.holdfast.control.internal;

import org.jspecify.annotations.NullMarked;
