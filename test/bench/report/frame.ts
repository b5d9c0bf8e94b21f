export const WIDTH = 720;
export const HEIGHT = 360;
/** Distinguishable with the common colour-vision deficiencies, and on white and on dark grey. */
export const COLOURS = ['#0b84d8', '#e08214', '#2aa876', '#b565c9', '#d64550'];

export const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

/** An SVG image that follows the reader's light or dark scheme. */
export function frame(title: string, content: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">
<style>
.page { fill: #fff } text { fill: #24292f; font: 12px system-ui, sans-serif } .title { font-weight: 600; font-size: 15px } .grid { stroke: #d0d7de; fill: none }
@media (prefers-color-scheme: dark) { .page { fill: #161b22 } text { fill: #e6edf3 } .grid { stroke: #3d444d } }
</style>
<rect class="page" width="${WIDTH}" height="${HEIGHT}" rx="6"/>
${content.join('\n')}
</svg>
`;
}
