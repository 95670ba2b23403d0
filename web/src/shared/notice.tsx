import type { ReactNode } from 'react';
import { Icon, type IconName } from './icons.tsx';

type Props = { icon: IconName; title: string; children?: ReactNode; role?: 'alert' | 'status' };

/** Stands where content would be: nothing there yet, nothing found, or nothing to be had. */
export function Notice({ icon, title, children, role }: Props) {
  return (
    <div className="notice" role={role}>
      <span className="notice-icon">
        <Icon name={icon} />
      </span>
      <h2>{title}</h2>
      {children}
    </div>
  );
}
