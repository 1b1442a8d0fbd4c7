// Registered numbers of encodings and pseudo-encodings (IANA "Remote Framebuffer", rfbproto).
export const RAW = 0;
export const COPY_RECT = 1;
export const TIGHT = 7;
export const ZRLE = 16;
export const H264 = 50;
export const TIGHT_PNG = -260;

/** First of ten: quality level 0 (worst) to 9. */
export const QUALITY_LEVEL_0 = -32;
export const DESKTOP_SIZE = -223;
export const LAST_RECT = -224;
export const CURSOR = -239;
/** First of ten: compression level 0 (fastest) to 9. */
export const COMPRESSION_LEVEL_0 = -256;
export const QEMU_EXTENDED_KEY = -258;
export const QEMU_AUDIO = -259;
export const QEMU_LED_STATE = -261;
export const DESKTOP_NAME = -307;
export const EXTENDED_DESKTOP_SIZE = -308;
export const XVP = -309;
export const FENCE = -312;
export const CONTINUOUS_UPDATES = -313;
export const CURSOR_WITH_ALPHA = -314;
export const EXTENDED_MOUSE_BUTTONS = -316;
export const EXTENDED_CLIPBOARD = 0xc0a1e5ce | 0;
