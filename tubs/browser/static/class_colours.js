// Class maps in colour; the colours are those of car/pictures/class_colours.py.

const RGBA = [
  [38, 128, 214, 0.36], // road
  [247, 226, 74, 0.6], // line
  [0, 138, 100, 0.3], // ground beside the road
  [203, 216, 230, 0.16], // sky or wall
  [222, 94, 16, 0.5], // anything else
].map(([red, green, blue, opacity]) => [red, green, blue, Math.round(opacity * 255)]);

/**
 * @param {ImageBitmap} map grey values 0 to 4
 * @returns {ImageBitmap} colours to lay over the picture
 */
export function tinted(map) {
  const canvas = new OffscreenCanvas(map.width, map.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(map, 0, 0);
  map.close();
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  const { data } = pixels;
  for (let n = 0; n < data.length; n += 4) {
    const colour = RGBA[data[n]];
    for (let part = 0; part < 4; part++) data[n + part] = colour ? colour[part] : 0;
  }
  context.putImageData(pixels, 0, 0);
  return canvas.transferToImageBitmap();
}
