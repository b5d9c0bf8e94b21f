import { readContainerPilotFile } from '../../containerpilot/load.js';
import { renderTemplate } from '../../containerpilot/template/render.js';
import { type Command } from '../run-command.js';
import { JSON_OPTION } from '../registry-access.js';
import { printJson } from '../rows.js';
import { EXIT } from '../terminal.js';

/** `piloted render`: prints a ContainerPilot file with its template rendered. */
export const render: Command = {
  syntax: {
    name: 'piloted render',
    summary: 'print a ContainerPilot file with its template rendered',
    operands: ['[FILE]'],
    maxOperands: 1,
    about: [
      'Prints a ContainerPilot configuration with its template rendered from the environment variables. FILE may begin with',
      'file://; without it the environment variable CONTAINERPILOT is the path.',
      'The output contains all secrets that the template takes from the environment.',
    ],
    options: JSON_OPTION,
    dashes: '--',
    examples: [['PORT=80 piloted render containerpilot.json5', 'the file as ContainerPilot reads it']],
  },
  run: (args, terminal) => {
    const { file, text } = readContainerPilotFile(args.operands[0] ?? '', terminal.env);
    const rendered = renderTemplate(text, terminal.env, file);
    if (args.has('json')) printJson(terminal, { file, text: rendered });
    // `out` adds the last newline.
    else terminal.out(rendered.replace(/\n$/, ''));
    return EXIT.ok;
  },
};
